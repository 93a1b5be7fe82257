#include "validate/fidelity/references.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "validate/fidelity/route_forcing.h"

namespace fidelio {

std::set<std::size_t> spread(std::size_t first, std::size_t count, std::size_t n) {
  std::set<std::size_t> positions;
  n = std::min(n, count);
  for (std::size_t i = 0; i < n; ++i)
    positions.insert(first + (n == 1 ? count / 2 : i * (count - 1) / (n - 1)));
  return positions;
}

/// The rows of a routed pass that are evaluated again.
struct References::SampledRows {
  std::vector<std::size_t> positions;
  std::vector<std::int32_t> fed;
  std::vector<std::vector<float>> baseline;  ///< logits, by row
  std::vector<std::vector<float>> patched;
  std::map<ValueId, std::vector<std::int32_t>> experts;  ///< by the value of expert ids
  std::map<ValueId, std::vector<float>> router_logits;
};

namespace {

/// The baseline's nodes that choose experts.
std::vector<const Node*> routers(const Graph& graph) {
  std::vector<const Node*> nodes;
  for (const Node& node : graph.nodes())
    if (node.op == Op::top_k) nodes.push_back(&node);
  return nodes;
}

template <class T>
double margin(const T* logits, std::pair<std::size_t, std::size_t> best) {
  return static_cast<double>(logits[best.first]) - static_cast<double>(logits[best.second]);
}

/// The two largest; the lower id wins a tie.
std::pair<std::size_t, std::size_t> best_two(const std::vector<float>& logits) {
  std::size_t first = 0;
  for (std::size_t i = 1; i < logits.size(); ++i)
    if (logits[i] > logits[first]) first = i;
  std::size_t second = first == 0 ? 1 : 0;
  for (std::size_t i = 0; i < logits.size(); ++i)
    if (i != first && logits[i] > logits[second]) second = i;
  return {first, second};
}

template <class V>
std::vector<double> doubles(const V* begin, std::size_t n) {
  return {begin, begin + n};
}

}  // namespace

References::References(const LoadedModel& model, const RopeTable& rope, ThreadTeam& team,
                       const std::map<std::string, SiteTally>& sites)
    : model_(model), rope_(rope), team_(team), rounded_(rounded_inputs(model.graph, sites)) {}

ReferenceRecord References::measure(Arm& baseline, Arm& patched, LockstepInput input,
                                    std::size_t steps, const std::set<std::size_t>& disputed) {
  input.width = 1;
  if (!disputed.empty()) {
    steps = std::max(steps, kSigmaSteps);
    input.more_rows = std::min(input.prompt.size() - 1, steps - std::min(steps, input.ids.size()));
  }
  std::set<std::size_t> chosen = spread(input.first_position(), input.n_rows(), steps);
  for (const std::size_t position : disputed)
    if (chosen.size() < 2 * kSigmaSteps) chosen.insert(position);
  if (chosen.empty()) return {input.prompt_index, "truth"};

  const SampledRows rows = sample(baseline, patched, input, chosen);
  const auto truth = evaluate<double>(baseline.decoder().cache(), rows);
  const auto naive = evaluate<float>(baseline.decoder().cache(), rows);
  add_router_noise(rows, truth, naive);
  const ValueId logits = model_.graph.outputs()[0];
  ReferenceRecord record = distances(rows, truth.at(logits), naive.at(logits));
  record.prompt = input.prompt_index;
  record.reference = rounded_.empty() ? "truth" : "truth with declared rounding";
  return record;
}

References::SampledRows References::sample(Arm& baseline, Arm& patched, const LockstepInput& input,
                                           const std::set<std::size_t>& chosen) const {
  SampledRows rows;
  const Graph& graph = model_.graph;
  RouteForcing forcing(baseline, patched, input.first_position());
  const auto keep = [&](const StepLogits& step) {
    const std::size_t p = step.first_position;
    if (!chosen.contains(p)) return;
    rows.positions.push_back(p);
    rows.fed.push_back(p < input.prompt.size() ? input.prompt[p]
                                               : input.ids[p - input.prompt.size()]);
    rows.baseline.emplace_back(step.baseline.begin(), step.baseline.end());
    rows.patched.emplace_back(step.patched.begin(), step.patched.end());
    for (const Node* node : routers(graph)) {
      // One row of logits a step; a prefill chunk has more tokens before that row's.
      const StepTape& tape = forcing.tape();
      const auto ids = tape.expert_ids(node->outputs[1]).last(tape.width(node->outputs[1]));
      auto& experts = rows.experts[node->outputs[1]];
      experts.insert(experts.end(), ids.begin(), ids.end());
      const ValueId value = router_logits_of(graph, *node);
      const auto logits = tape.floats(value).last(tape.width(value));
      auto& all = rows.router_logits[value];
      all.insert(all.end(), logits.begin(), logits.end());
    }
  };
  run_lockstep(
      baseline, patched, input,
      [&](std::size_t n_tokens, std::size_t position) { return forcing.watch(n_tokens, position); },
      keep, nullptr);
  return rows;
}

ReferenceRecord References::distances(const SampledRows& rows, const Rows<double>& truth,
                                      const Rows<float>& naive) const {
  ErrorNorm e_baseline;
  ErrorNorm e_naive;
  ErrorNorm e_patched;
  double sigma_baseline = 0;
  double sigma_naive = 0;
  for (std::size_t r = 0; r < rows.positions.size(); ++r) {
    const std::size_t vocab = rows.baseline[r].size();
    const std::vector<double> expected = doubles(truth.row(r), vocab);
    e_baseline.add(doubles(rows.baseline[r].data(), vocab), expected);
    e_naive.add(doubles(naive.row(r), vocab), expected);
    e_patched.add(doubles(rows.patched[r].data(), vocab), expected);
    const auto best = best_two(rows.baseline[r]);
    const double true_margin = margin(truth.row(r), best);
    sigma_baseline += std::pow(margin(rows.baseline[r].data(), best) - true_margin, 2);
    sigma_naive += std::pow(margin(naive.row(r), best) - true_margin, 2);
  }
  const auto n = static_cast<double>(rows.positions.size());
  ReferenceRecord record;
  record.steps = static_cast<std::int64_t>(rows.positions.size());
  record.e_baseline = e_baseline.value();
  record.e_naive = e_naive.value();
  record.e_patched = e_patched.value();
  record.sigma_baseline = std::sqrt(sigma_baseline / n);
  record.sigma_naive = std::sqrt(sigma_naive / n);
  return record;
}

template <class T>
std::map<ValueId, Rows<T>> References::evaluate(Cache& cache, const SampledRows& rows) {
  const Graph& graph = model_.graph;
  Evaluator<T> evaluator(graph, model_.weights, rope_, parallel_over(team_));
  round_inputs(evaluator, graph, rounded_);
  std::map<ValueId, Rows<T>> kept;  // router logits, and what top_k reads
  std::set<ValueId> wanted;
  for (const auto& [value, logits] : rows.router_logits) wanted.insert(value);
  for (const Node* node : routers(graph)) wanted.insert(node->inputs[0]);
  const auto force = [&](NodeId id, std::vector<Rows<T>>& results) {
    const Node& node = graph.node(id);
    if (wanted.contains(node.outputs[0])) kept[node.outputs[0]] = results[0];
    if (node.op != Op::top_k) return;
    const Rows<T>& x = kept.at(node.inputs[0]);
    results[1].ids = rows.experts.at(node.outputs[1]);
    for (std::size_t i = 0; i < results[1].ids.size(); ++i)
      results[0].x[i] = x.row(i / results[1].width)[results[1].ids[i]];
  };
  Rows<T> logits = evaluator.steps_behind(cache, rows.fed, rows.positions, force);
  kept[graph.outputs()[0]] = std::move(logits);
  return kept;
}

void References::add_router_noise(const SampledRows& rows,
                                  const std::map<ValueId, Rows<double>>& truth,
                                  const std::map<ValueId, Rows<float>>& naive) {
  for (const Node* node : routers(model_.graph)) {
    const ValueId value = router_logits_of(model_.graph, *node);
    Noise& noise = noise_[value];
    noise.layer = node->layer;
    noise.rows += static_cast<std::int64_t>(rows.positions.size());
    const std::vector<float>& baseline = rows.router_logits.at(value);
    noise.logits += static_cast<std::int64_t>(baseline.size());
    for (std::size_t i = 0; i < baseline.size(); ++i) {
      const double expected = truth.at(value).x[i];
      noise.baseline += std::pow(static_cast<double>(baseline[i]) - expected, 2);
      noise.naive += std::pow(static_cast<double>(naive.at(value).x[i]) - expected, 2);
    }
  }
}

std::vector<RouterNoiseRecord> References::router_noise() const {
  std::vector<RouterNoiseRecord> records;
  for (const auto& [value, noise] : noise_) {
    const auto n = static_cast<double>(noise.logits);
    records.push_back(
        {noise.layer, noise.rows, std::sqrt(noise.baseline / n), std::sqrt(noise.naive / n)});
  }
  return records;
}

}  // namespace fidelio
