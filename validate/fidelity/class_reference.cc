#include "validate/fidelity/class_reference.h"

#include <algorithm>

#include "core/cache.h"

namespace fidelio {
namespace {

bool holds_ids(const Graph& graph, ValueId value) {
  return graph.value(value).type == ValueType::i32;
}

/// Rows that one token has of a value: k of [M, k, n], 1 of [M, n].
std::size_t rows_a_token(const Graph& graph, ValueId value) {
  const Shape& shape = graph.value(value).shape;
  return shape.size() < 3 ? 1 : static_cast<std::size_t>(shape[1]);
}

template <class T>
Rows<T> batch_of(const Graph& graph, ValueId value, std::size_t input,
                 const std::vector<const SiteSample*>& samples) {
  Rows<T> rows;
  rows.rows = samples.size() * rows_a_token(graph, value);
  for (const SiteSample* sample : samples) {
    const Words& words = sample->inputs[input];
    if (holds_ids(graph, value)) {
      const std::vector<std::int32_t> ids = ids_of(words);
      rows.ids.insert(rows.ids.end(), ids.begin(), ids.end());
    } else {
      const std::vector<float> floats = floats_of(words);
      rows.x.insert(rows.x.end(), floats.begin(), floats.end());
    }
  }
  rows.width = (rows.x.size() + rows.ids.size()) / rows.rows;
  return rows;
}

template <class T>
void round_in_place(const RoundRows& round, Rows<T>& value) {
  std::vector<float> floats(value.x.begin(), value.x.end());
  round(floats.data(), value.rows, value.width);
  value.x.assign(floats.begin(), floats.end());
}

/// The i-th of n equal parts.
template <class T>
std::vector<double> part_of(const std::vector<T>& all, std::size_t i, std::size_t n) {
  const std::size_t size = all.size() / n;
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(i * size);
  return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}

}  // namespace

ParallelFor parallel_over(ThreadTeam& team) {
  return [&team](std::size_t n, const auto& body) {
    team.run([&](std::size_t thread) {
      body(n * thread / team.size(), n * (thread + 1) / team.size());
    });
  };
}

RoundRows rounding_of_x(const Patch& patch) {
  for (const RoundingPoint& point : patch.rounding) {
    if (point.value != "x") continue;
    return [rounding = point.rounding](float* x, std::size_t rows, std::size_t cols) {
      round_rows(rounding, x, rows, cols);
    };
  }
  return {};
}

RoundedInputs rounded_inputs(const Graph& baseline, const std::map<std::string, SiteTally>& sites) {
  RoundedInputs inputs;
  for (const auto& [name, site] : sites) {
    if (site.the_patch == nullptr || !site.x) continue;
    const RoundRows round = rounding_of_x(*site.the_patch);
    if (!round) continue;
    for (const NodeId node : site.fragment.nodes) {
      const std::vector<ValueId>& reads = baseline.node(node).inputs;
      if (std::find(reads.begin(), reads.end(), *site.x) != reads.end())
        inputs[{node, *site.x}] = round;
    }
  }
  return inputs;
}

template <class T>
void round_inputs(Evaluator<T>& evaluator, const Graph& graph, const RoundedInputs& inputs) {
  if (inputs.empty()) return;
  evaluator.before_inputs([&graph, inputs](NodeId node, std::size_t input, Rows<T>& value) {
    const auto found = inputs.find({node, graph.node(node).inputs[input]});
    if (found != inputs.end()) round_in_place(found->second, value);
  });
}
template void round_inputs(Evaluator<double>&, const Graph&, const RoundedInputs&);
template void round_inputs(Evaluator<float>&, const Graph&, const RoundedInputs&);

ClassReference::ClassReference(const LoadedModel& model, const RopeTable& rope,
                               const KernelTable& kernels, ThreadTeam& team)
    : model_(model), rope_(rope), kernels_(kernels), team_(team) {}

template <class T>
std::vector<SiteResult> ClassReference::evaluate(
    const SiteTally& site, const std::vector<const SiteSample*>& samples) const {
  const Graph& graph = model_.graph;
  Evaluator<T> evaluator(graph, model_.weights, rope_, parallel_over(team_));
  round_inputs(evaluator, graph, rounded_inputs(graph, {{site.record.site, site}}));
  std::vector<Rows<T>> values(graph.values().size());
  for (std::size_t i = 0; i < site.fragment.inputs.size(); ++i) {
    const ValueId input = site.fragment.inputs[i];
    values[static_cast<std::size_t>(input)] = batch_of<T>(graph, input, i, samples);
  }
  evaluator.evaluate(site.fragment.nodes, values);
  std::vector<SiteResult> results(samples.size());
  for (const ValueId output : site.fragment.outputs) {
    const Rows<T>& rows = values[static_cast<std::size_t>(output)];
    for (std::size_t s = 0; s < samples.size(); ++s) {
      if (holds_ids(graph, output)) {
        const std::vector<double> ids = part_of(rows.ids, s, samples.size());
        results[s].ids.assign(ids.begin(), ids.end());
      } else {
        results[s].floats.push_back(part_of(rows.x, s, samples.size()));
      }
    }
  }
  return results;
}

std::vector<SiteResult> ClassReference::truth(const SiteTally& site,
                                              const std::vector<const SiteSample*>& samples) const {
  return evaluate<double>(site, samples);
}

std::vector<SiteResult> ClassReference::naive(const SiteTally& site,
                                              const std::vector<const SiteSample*>& samples) const {
  return evaluate<float>(site, samples);
}

SiteResult result_of(const Graph& graph, const SiteTally& site, const std::vector<Words>& outputs) {
  SiteResult result;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (holds_ids(graph, site.fragment.outputs[i])) {
      result.ids = ids_of(outputs[i]);
    } else {
      const std::vector<float> floats = floats_of(outputs[i]);
      result.floats.emplace_back(floats.begin(), floats.end());
    }
  }
  return result;
}

std::vector<SiteResult> ClassReference::baseline(
    const SiteTally& site, const std::vector<const SiteSample*>& samples) const {
  std::vector<SiteResult> results;
  const RoundRows round = rounding_of_x(*site.the_patch);
  if (!round) {
    for (const SiteSample* sample : samples)
      results.push_back(result_of(model_.graph, site, sample->baseline));
    return results;
  }
  const Plan plan(fragment_graph(model_.graph, site.fragment), model_.weights, rope_);
  Executor executor(kernels_, team_, 1, 16);
  Cache no_cache;
  StepTape made(plan.graph());
  executor.set_observer(&made);
  const std::int32_t no_id = 0;
  for (const SiteSample* sample : samples) {
    StepInput step{{&no_id, 1}, 0, 0};
    std::vector<Words> inputs = sample->inputs;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (site.fragment.inputs[i] == *site.x) {
        const std::size_t rows = rows_a_token(model_.graph, *site.x);
        round(reinterpret_cast<float*>(inputs[i].data()), rows, inputs[i].size() / rows);
      }
      step.inputs.push_back(std::as_bytes(std::span(inputs[i])));
    }
    executor.run(plan, step, no_cache);
    std::vector<Words> outputs;
    for (const ValueId output : plan.graph().outputs()) {
      const auto words = made.words(output);
      outputs.emplace_back(words.begin(), words.end());
    }
    results.push_back(result_of(model_.graph, site, outputs));
  }
  return results;
}

}  // namespace fidelio
