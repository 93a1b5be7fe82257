#include "core/truth/truth.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string_view>

#include "core/check.h"
#include "core/truth/declared_rounding.h"
#include "core/truth/truth_attention.h"
#include "core/truth/truth_fused.h"

namespace fidelio {
namespace {

template <class T>
Rows<T> last_rows(const Rows<T>& x, std::size_t n) {
  return {n, x.width, {x.x.end() - static_cast<std::ptrdiff_t>(n * x.width), x.x.end()}, {}};
}

/// The last node that reads each value, of values that are no result of the graph.
std::vector<NodeId> last_readers(const Graph& graph) {
  std::vector<NodeId> last(graph.values().size(), -1);
  for (std::size_t n = 0; n < graph.nodes().size(); ++n)
    for (const ValueId input : graph.nodes()[n].inputs)
      last[static_cast<std::size_t>(input)] = static_cast<NodeId>(n);
  for (const ValueId output : graph.outputs()) last[static_cast<std::size_t>(output)] = -1;
  return last;
}

}  // namespace

/// One step while it runs.
template <class T>
struct Evaluator<T>::Step {
  std::span<const std::int32_t> ids;
  std::vector<std::size_t> positions;
  std::size_t n_wanted = 0;
  std::vector<Rows<T>>* values = nullptr;  ///< by ValueId
  std::vector<CacheRows<T>> own = {};      ///< by layer: keys and values of this step
  Cache* arm_cache = nullptr;              ///< not null: rows apart, behind this cache
  std::vector<NodeId> last_reader = {};    ///< by ValueId; given, values go with it
};

template <class T>
Evaluator<T>::Evaluator(const Graph& graph, const ModelWeights& weights, const RopeTable& rope,
                        ParallelFor parallel)
    : graph_(graph), weights_(weights), rope_(rope), parallel_(std::move(parallel)) {
  if (!parallel_) {
    parallel_ = [](std::size_t n, const auto& body) { body(0, n); };
  }
}

template <class T>
void Evaluator<T>::reset() {
  cache_.clear();
  position_ = 0;
}

template <class T>
Rows<T> Evaluator<T>::step(std::span<const std::int32_t> ids, std::size_t n_wanted,
                           const AfterNode& after) {
  FIDELIO_CHECK(!ids.empty() && n_wanted >= 1 && n_wanted <= ids.size());
  FIDELIO_CHECK((position_ + ids.size()) * rope_.half <= rope_.cos.size());
  std::vector<Rows<T>> values(graph_.values().size());
  Step step{ids, std::vector<std::size_t>(ids.size()), n_wanted, &values};
  step.last_reader = last_readers(graph_);
  std::iota(step.positions.begin(), step.positions.end(), position_);
  for (NodeId n = 0; static_cast<std::size_t>(n) < graph_.nodes().size(); ++n) run(n, step, after);
  cache_.resize(std::max(cache_.size(), step.own.size()));
  for (std::size_t l = 0; l < step.own.size(); ++l) {
    const CacheRows<T>& own = step.own[l];
    cache_[l].keys.insert(cache_[l].keys.end(), own.keys.begin(), own.keys.end());
    cache_[l].values.insert(cache_[l].values.end(), own.values.begin(), own.values.end());
    cache_[l].conv_rows.insert(cache_[l].conv_rows.end(), own.conv_rows.begin(),
                               own.conv_rows.end());
  }
  position_ += ids.size();
  return std::move(values[static_cast<std::size_t>(graph_.outputs()[0])]);
}

template <class T>
Rows<T> Evaluator<T>::steps_behind(Cache& cache, std::span<const std::int32_t> ids,
                                   std::span<const std::size_t> positions, const AfterNode& after) {
  FIDELIO_CHECK(!ids.empty() && ids.size() == positions.size());
  std::vector<Rows<T>> values(graph_.values().size());
  Step step{ids, {positions.begin(), positions.end()}, ids.size(), &values, {}, &cache};
  step.last_reader = last_readers(graph_);
  for (NodeId n = 0; static_cast<std::size_t>(n) < graph_.nodes().size(); ++n) run(n, step, after);
  return std::move(values[static_cast<std::size_t>(graph_.outputs()[0])]);
}

template <class T>
void Evaluator<T>::evaluate(std::span<const NodeId> nodes, std::vector<Rows<T>>& values) {
  Step step{{}, {}, 0, &values};
  for (const NodeId node : nodes) run(node, step, {});
}

template <class T>
void Evaluator<T>::run(NodeId id, Step& step, const AfterNode& after) {
  const Node& node = graph_.node(id);
  if (node.op == Op::input) return;
  std::vector<Rows<T>> results = results_of(id, step);
  if (after && !results.empty()) after(id, results);
  for (std::size_t i = 0; i < results.size(); ++i)
    (*step.values)[static_cast<std::size_t>(node.outputs[i])] = std::move(results[i]);
}

template <class T>
std::vector<Rows<T>> Evaluator<T>::results_of(NodeId id, Step& step) {
  const Node& node = graph_.node(id);
  std::vector<Rows<T>> in;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const auto value = static_cast<std::size_t>(node.inputs[i]);
    const auto& inputs = node.inputs;
    const bool again = std::find(inputs.begin() + static_cast<std::ptrdiff_t>(i) + 1, inputs.end(),
                                 inputs[i]) != inputs.end();
    const bool last = !step.last_reader.empty() && step.last_reader[value] == id && !again;
    in.push_back(last ? std::move((*step.values)[value]) : (*step.values)[value]);
    if (before_) before_(id, i, in.back());
  }
  switch (node.op) {
    case Op::kv_append:
    case Op::attention:
    case Op::short_conv:
      return cached(node, std::move(in), step);
    case Op::top_k:
    case Op::router_topk:
    case Op::take:
    case Op::add_expert_bias:
    case Op::gather_matmul:
    case Op::gather_matmul_int8:
    case Op::gather_matmul_int16:
    case Op::gate_up_swiglu:
    case Op::combine:
    case Op::down_combine:
      return experts(node, in);
    default:
      return dense(node, in, step);
  }
}

/// What an op sees of earlier positions: `own` rows, and a cache before them.
template <class T>
template <class View>
Rows<T> Evaluator<T>::behind(const Step& step, std::size_t layer, View view,
                             const std::function<Rows<T>(const TruthContext<T>&)>& op) {
  static const CacheRows<T> kNothing;
  const CacheRows<T>& own = step.own.at(layer);
  if (step.arm_cache == nullptr)
    return op({layer < cache_.size() ? cache_[layer] : kNothing, own, step.positions, false});
  const std::size_t last = *std::max_element(step.positions.begin(), step.positions.end());
  const CacheRows<T> cached = read_cache<T>((step.arm_cache->*view)(layer), last);
  return op({cached, own, step.positions, true});
}

template <class T>
std::vector<Rows<T>> Evaluator<T>::cached(const Node& node, std::vector<Rows<T>> in, Step& step) {
  using Context = TruthContext<T>;
  const std::size_t layer = size_of(node, "layer");
  if (step.own.size() <= layer) step.own.resize(layer + 1);
  const auto vector = [&]() -> std::span<const float> {
    if (node.params.empty()) return {};
    return weights_.vector(graph_.param(node.params[0]).name);
  };
  if (node.op == Op::kv_append) {
    step.own[layer] = {std::move(in[0].x), std::move(in[1].x)};
    return {};
  }
  if (node.op == Op::short_conv) {
    step.own[layer].conv_rows = in[0].x;
    return {behind(step, layer, &Cache::conv, [&](const Context& context) {
      return truth_short_conv<T>(in[0], context, vector());
    })};
  }
  const TruthAttention shape{
      size_of(node, "num_attention_heads"), size_of(node, "num_key_value_heads"),
      static_cast<double>(node.number("scale")),
      node.has("sliding_window") ? size_of(node, "sliding_window") : 0, vector()};
  return {behind(step, layer, &Cache::layer, [&](const Context& context) {
    return truth_attention<T>(in[0], context, shape);
  })};
}

template <class T>
std::vector<Rows<T>> Evaluator<T>::dense(const Node& node, const std::vector<Rows<T>>& in,
                                         const Step& step) {
  const auto name = [&](std::size_t i) { return graph_.param(node.params[i]).name; };
  const auto number = [&](const char* attribute, double absent) {
    return number_or(node, attribute, absent);
  };
  const auto eps = [&] { return number("eps", 0); };
  switch (node.op) {
    case Op::embedding:
      return {truth_embedding<T>(weights_.matrix(name(0)), step.ids)};
    case Op::linear:
      return {truth_linear(weights_.matrix(name(0)), in[0], parallel_)};
    case Op::add_bias:
      return {truth_add_bias<T>(in[0], weights_.vector(name(0)))};
    case Op::rms_norm:
      return {truth_rms_norm<T>(in[0], weights_.vector(name(0)), eps())};
    case Op::add_rms_norm: {
      Rows<T> sum = truth_add(in[0], in[1]);
      Rows<T> norm = truth_rms_norm<T>(sum, weights_.vector(name(0)), eps());
      return {std::move(sum), std::move(norm)};
    }
    case Op::rope:
      return {truth_rope<T>(in[0], rope_, size_of(node, "heads"),
                            node.has("interleaved") && node.integer("interleaved") != 0,
                            step.positions)};
    case Op::add:
      return {truth_add(in[0], in[1])};
    case Op::mul:
      return {truth_mul(in[0], in[1])};
    case Op::add_scalar:
      return {truth_add_scalar(in[0], number("value", 0))};
    case Op::mul_scalar:
      return {truth_mul_scalar(in[0], number("value", 1))};
    case Op::clamp:
      return {truth_clamp(in[0], number("min", -kNoLimit), number("max", kNoLimit))};
    case Op::sigmoid:
      return {truth_sigmoid(in[0])};
    case Op::silu:
      return {truth_silu(in[0], number("alpha", 1))};
    case Op::gelu:
      return {truth_gelu(in[0])};
    case Op::columns:
      return {truth_columns(in[0], size_of(node, "part"), size_of(node, "parts"))};
    case Op::softmax:
      return {truth_softmax(in[0])};
    case Op::normalize:
      return {truth_normalize(in[0], eps())};
    case Op::wanted_rows:
      return {last_rows(in[0], step.n_wanted)};
    default:
      break;
  }
  check_failed("an op without a float64 evaluation", __FILE__, __LINE__);
}

template <class T>
std::vector<Rows<T>> Evaluator<T>::experts(const Node& node, const std::vector<Rows<T>>& in) {
  const auto stack = [&](std::size_t i) -> std::span<const WeightView> {
    return weights_.experts(graph_.param(node.params[i]).name);
  };
  const auto vector = [&](std::size_t i) -> std::span<const float> {
    if (node.params.size() <= i) return {};
    return weights_.vector(graph_.param(node.params[i]).name);
  };
  /// The products of stack i and the vectors of parameter `bias`, where the node has them.
  const auto biased = [&](std::size_t i, std::size_t bias, const Rows<T>& ids) {
    Rows<T> y = truth_gather_matmul(stack(i), in[0], ids, parallel_);
    return vector(bias).empty() ? y : truth_add_expert_bias(std::move(y), vector(bias), ids);
  };
  switch (node.op) {
    case Op::top_k: {
      auto [values, ids] = truth_top_k(in[0], size_of(node, "k"));
      return {std::move(values), std::move(ids)};
    }
    case Op::router_topk:
      return truth_route(in[0], truth_router(node, vector(0)));
    case Op::take:
      return {truth_take(in[0], in[1])};
    case Op::add_expert_bias:
      return {truth_add_expert_bias(in[0], vector(0), in[1])};
    case Op::gather_matmul:
      return {truth_gather_matmul(stack(0), in[0], in[1], parallel_)};
    case Op::gather_matmul_int8:
      return {truth_gather_matmul(stack(0), declared_rounding(Rounding::int8_per_32, in[0]), in[1],
                                  parallel_)};
    case Op::gather_matmul_int16:
      return {truth_gather_matmul(stack(0), declared_rounding(Rounding::int16_per_32, in[0]), in[1],
                                  parallel_)};
    case Op::gate_up_swiglu:
      return {truth_swiglu(node, biased(0, 2, in[1]), biased(1, 3, in[1]))};
    case Op::combine:
      return {truth_combine(in[0], in[1])};
    case Op::down_combine:
      return {truth_combine(biased(0, 1, in[1]), in[2])};
    default:
      break;
  }
  check_failed("an op without a float64 evaluation", __FILE__, __LINE__);
}

template class Evaluator<double>;
template class Evaluator<float>;

}  // namespace fidelio
