#include "core/truth/truth.h"

#include <algorithm>
#include <string_view>

#include "core/check.h"

namespace fidelio {
namespace {

std::size_t size_of(const Node& node, std::string_view attribute) {
  return static_cast<std::size_t>(node.integer(attribute));
}

TruthValue last_rows(const TruthValue& x, std::size_t n) {
  return {n, x.width, {x.x.end() - static_cast<std::ptrdiff_t>(n * x.width), x.x.end()}, {}};
}

/// softmax and top_k in either order, then their share of the sum.
std::vector<TruthValue> route(const TruthValue& logits, std::size_t k, bool softmax_first,
                              bool normalize) {
  auto [weights, ids] = truth_top_k(softmax_first ? truth_softmax(logits) : logits, k);
  if (!softmax_first) weights = truth_softmax(std::move(weights));
  if (normalize) weights = truth_normalize(std::move(weights));
  return {std::move(weights), std::move(ids)};
}

}  // namespace

/// One step while it runs.
struct Truth::Step {
  std::span<const std::int32_t> ids;
  std::size_t first_position = 0;
  std::size_t n_wanted = 0;
  std::vector<TruthValue> values;  ///< by ValueId

  const TruthValue& in(const Node& node, std::size_t i) const {
    return values[static_cast<std::size_t>(node.inputs[i])];
  }
};

Truth::Truth(const Graph& graph, const ModelWeights& weights, const RopeTable& rope,
             ParallelFor parallel)
    : graph_(graph), weights_(weights), rope_(rope), parallel_(std::move(parallel)) {
  if (!parallel_) {
    parallel_ = [](std::size_t n, const auto& body) { body(0, n); };
  }
}

void Truth::reset() {
  cache_.layers.clear();
  position_ = 0;
}

TruthValue Truth::step(std::span<const std::int32_t> ids, std::size_t n_wanted,
                       const AfterNode& after) {
  FIDELIO_CHECK(!ids.empty() && n_wanted >= 1 && n_wanted <= ids.size());
  FIDELIO_CHECK((position_ + ids.size()) * rope_.half <= rope_.cos.size());
  Step step{ids, position_, n_wanted, std::vector<TruthValue>(graph_.values().size())};
  for (std::size_t n = 0; n < graph_.nodes().size(); ++n) {
    const Node& node = graph_.nodes()[n];
    if (node.op == Op::input) continue;
    if (node.op == Op::kv_append) {
      append(node, step);
      continue;
    }
    std::vector<TruthValue> results = evaluate(node, step);
    if (after) after(static_cast<NodeId>(n), results);
    for (std::size_t i = 0; i < results.size(); ++i)
      step.values[static_cast<std::size_t>(node.outputs[i])] = std::move(results[i]);
  }
  position_ += ids.size();
  return std::move(step.values[static_cast<std::size_t>(graph_.outputs()[0])]);
}

void Truth::append(const Node& node, Step& step) {
  const std::size_t layer = size_of(node, "layer");
  if (cache_.layers.size() <= layer) cache_.layers.resize(layer + 1);
  TruthCache::Layer& cache = cache_.layers[layer];
  cache.keys.insert(cache.keys.end(), step.in(node, 0).x.begin(), step.in(node, 0).x.end());
  cache.values.insert(cache.values.end(), step.in(node, 1).x.begin(), step.in(node, 1).x.end());
}

std::vector<TruthValue> Truth::evaluate(const Node& node, Step& step) {
  const auto name = [&](std::size_t i) { return graph_.param(node.params[i]).name; };
  const auto in = [&](std::size_t i) -> const TruthValue& { return step.in(node, i); };
  switch (node.op) {
    case Op::embedding:
      return {truth_embedding(weights_.matrix(name(0)), step.ids)};
    case Op::linear:
      return {truth_linear(weights_.matrix(name(0)), in(0), parallel_)};
    case Op::add_bias:
      return {truth_add_bias(in(0), weights_.vector(name(0)))};
    case Op::rms_norm:
      return {
          truth_rms_norm(in(0), weights_.vector(name(0)), static_cast<double>(node.number("eps")))};
    case Op::add_rms_norm: {
      TruthValue sum = truth_add(in(0), in(1));
      TruthValue norm =
          truth_rms_norm(sum, weights_.vector(name(0)), static_cast<double>(node.number("eps")));
      return {std::move(sum), std::move(norm)};
    }
    case Op::rope:
      return {truth_rope(in(0), rope_, size_of(node, "heads"),
                         node.has("interleaved") && node.integer("interleaved") != 0,
                         step.first_position)};
    case Op::attention:
      return {truth_attention(
          in(0), cache_.layers.at(size_of(node, "layer")),
          {size_of(node, "num_attention_heads"), size_of(node, "num_key_value_heads"),
           static_cast<double>(node.number("scale")),
           node.has("sliding_window") ? size_of(node, "sliding_window") : 0},
          step.first_position)};
    case Op::add:
      return {truth_add(in(0), in(1))};
    case Op::mul:
      return {truth_mul(in(0), in(1))};
    case Op::silu:
      return {truth_silu(in(0))};
    case Op::softmax:
      return {truth_softmax(in(0))};
    case Op::normalize:
      return {truth_normalize(in(0))};
    case Op::wanted_rows:
      return {last_rows(in(0), step.n_wanted)};
    default:
      return evaluate_experts(node, step);
  }
}

std::vector<TruthValue> Truth::evaluate_experts(const Node& node, Step& step) {
  const auto experts = [&](std::size_t i) -> const std::vector<WeightView>& {
    return weights_.experts(graph_.param(node.params[i]).name);
  };
  const auto in = [&](std::size_t i) -> const TruthValue& { return step.in(node, i); };
  switch (node.op) {
    case Op::top_k: {
      auto [values, ids] = truth_top_k(in(0), size_of(node, "k"));
      return {std::move(values), std::move(ids)};
    }
    case Op::router_topk:
      return route(in(0), size_of(node, "k"), node.text("order") == "softmax_topk",
                   node.integer("normalize") != 0);
    case Op::gather_matmul:
      return {truth_gather_matmul(experts(0), in(0), in(1), parallel_)};
    case Op::gate_up_swiglu:
      return {truth_mul(truth_silu(truth_gather_matmul(experts(0), in(0), in(1), parallel_)),
                        truth_gather_matmul(experts(1), in(0), in(1), parallel_))};
    case Op::combine:
      return {truth_combine(in(0), in(1))};
    case Op::down_combine:
      return {truth_combine(truth_gather_matmul(experts(0), in(0), in(1), parallel_), in(2))};
    default:
      break;
  }
  check_failed("an op without a float64 evaluation", __FILE__, __LINE__);
}

}  // namespace fidelio
