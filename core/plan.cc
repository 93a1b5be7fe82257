#include "core/plan.h"

#include <algorithm>

#include "core/check.h"
#include "core/router_order.h"
#include "core/scratch_layout.h"
#include "kernels/attention.h"
#include "kernels/fused/down_combine.h"
#include "kernels/gather_matmul.h"
#include "kernels/gather_matmul_rounded.h"

namespace fidelio {
namespace {

PlanValue place_value(const Graph& graph, const ScratchLayout& layout, ValueId id) {
  const Value& value = graph.value(id);
  const ScratchLayout::Place& place = layout.places[static_cast<std::size_t>(id)];
  PlanValue out;
  out.offset = place.offset;
  out.width = place.width;
  out.is_float = value.type == ValueType::f32;
  if (value.name == "ids") out.place = PlanValue::Place::ids;
  if (value.name == "positions") out.place = PlanValue::Place::positions;
  if (place.width > 0) {
    out.place = place.wanted_rows ? PlanValue::Place::per_wanted_row : PlanValue::Place::per_token;
  }
  return out;
}

/// Memory touched since the threads last met, to decide whether they must meet again. Only writes
/// by another thread, or over what another thread may still read, need a barrier; nodes that one
/// thread does alone need none among themselves.
class Conflicts {
 public:
  explicit Conflicts(bool single_token) : single_token_(single_token) {}

  /// True when `node` must not start before every thread has finished the nodes seen so far.
  bool barrier_before(const PlanNode& node) {
    const bool alone = runs_on_one_thread(node.op, single_token_ ? 1 : 2);
    bool needed = false;
    for (const Access& earlier : accesses_) {
      if (earlier.alone && alone) continue;
      for (const PlanValue& input : node.inputs)
        needed |= earlier.writes && overlap(earlier.value, input);
      for (const PlanValue& output : node.outputs) needed |= overlap(earlier.value, output);
    }
    // The cache is written by kv_append and read by attention; it has no place in scratch memory.
    needed |= node.op == Op::attention && cache_written_;
    if (needed) {
      accesses_.clear();
      cache_written_ = false;
    }
    cache_written_ |= node.op == Op::kv_append;
    for (const PlanValue& input : node.inputs) accesses_.push_back({input, false, alone});
    for (const PlanValue& output : node.outputs) accesses_.push_back({output, true, alone});
    return needed;
  }

 private:
  struct Access {
    PlanValue value;
    bool writes;
    bool alone;
  };
  static bool overlap(const PlanValue& a, const PlanValue& b) {
    return a.place == b.place && a.width > 0 && b.width > 0 && a.offset < b.offset + b.width &&
           b.offset < a.offset + a.width;
  }

  bool single_token_;
  bool cache_written_ = false;
  std::vector<Access> accesses_;
};

std::size_t groups_or_heads(const Node& node) {
  const char* name = node.op == Op::rms_norm    ? "groups"
                     : node.op == Op::rope      ? "heads"
                     : node.op == Op::attention ? "num_attention_heads"
                                                : nullptr;
  return name != nullptr && node.has(name) ? static_cast<std::size_t>(node.integer(name)) : 1;
}

/// Attributes that are numbers; those that a node does not have leave their field's default.
void resolve_numbers(const Node& node, PlanNode& out) {
  const auto number = [&](const char* name, float& field) {
    if (node.has(name)) field = node.number(name);
  };
  const auto size = [&](const char* name, std::size_t& field) {
    if (node.has(name)) field = static_cast<std::size_t>(node.integer(name));
  };
  const auto flag = [&](const char* name, bool& field) {
    if (node.has(name)) field = node.integer(name) != 0;
  };
  if (node.op == Op::silu) out.number = 1;
  for (const char* name : {"eps", "scale", "value", "alpha"}) number(name, out.number);
  number("factor", out.factor);
  number("min", out.min);
  number("max", out.max);
  number("gate_max", out.swiglu.gate_max);
  number("alpha", out.swiglu.alpha);
  number("up_min", out.swiglu.up_min);
  number("up_max", out.swiglu.up_max);
  number("up_add", out.swiglu.up_add);
  size("k", out.top_k);
  size("part", out.part);
  size("parts", out.parts);
  size("sliding_window", out.window);
  size("layer", out.layer_index);
  flag("normalize", out.normalize);
  flag("interleaved", out.interleaved);
  if (node.has("order")) out.order = router_order_of(node);
}

}  // namespace

bool runs_on_one_thread(Op op, std::size_t n_tokens) {
  if (n_tokens > 1) return false;
  switch (op) {
    case Op::linear:
    case Op::gather_matmul:
    case Op::gather_matmul_int8:
    case Op::gather_matmul_int16:
    case Op::attention:
    case Op::gate_up_swiglu:
    case Op::down_combine:
      return false;
    default:
      return true;
  }
}

Plan::Plan(Graph graph, const ModelWeights& weights, const RopeTable& rope)
    : graph_(std::move(graph)) {
  const ScratchLayout layout = lay_out(graph_);
  per_token_ = layout.per_token;
  per_wanted_row_ = layout.per_wanted_row;
  Conflicts single(true);
  Conflicts many(false);
  for (std::size_t n = 0; n < graph_.nodes().size(); ++n) {
    const Node& node = graph_.nodes()[n];
    if (node.op == Op::input) {
      const PlanValue input = place_value(graph_, layout, node.outputs[0]);
      if (input.width > 0) inputs_.push_back(input);
      continue;
    }
    PlanNode out;
    out.op = node.op;
    out.source = static_cast<NodeId>(n);
    out.layer = node.layer;
    for (const ValueId id : node.inputs) out.inputs.push_back(place_value(graph_, layout, id));
    for (const ValueId id : node.outputs) out.outputs.push_back(place_value(graph_, layout, id));
    resolve(node, weights, rope, out);
    out.barrier_single = single.barrier_before(out);
    out.barrier_many = many.barrier_before(out);
    nodes_.push_back(std::move(out));
  }
  FIDELIO_CHECK(!graph_.outputs().empty());
  logits_ = place_value(graph_, layout, graph_.outputs()[0]);
}

void Plan::resolve(const Node& node, const ModelWeights& weights, const RopeTable& rope,
                   PlanNode& out) const {
  for (const ParamId id : node.params) {
    const Param& param = graph_.param(id);
    switch (param.kind) {
      case Param::Kind::matrix:
        out.matrix = &weights.matrix(param.name);
        break;
      case Param::Kind::experts:
        (out.experts == nullptr ? out.experts : out.second_experts) = &weights.experts(param.name);
        break;
      case Param::Kind::vector:
      case Param::Kind::expert_vectors:
      case Param::Kind::taps:
        if (param.kind == Param::Kind::taps) out.n_taps = static_cast<std::size_t>(param.shape[1]);
        (out.vector == nullptr ? out.vector : out.second_vector) =
            weights.vector(param.name).data();
        break;
      case Param::Kind::constant:
        out.rope = &rope;
        break;
    }
  }
  out.heads = groups_or_heads(node);
  resolve_numbers(node, out);
  if (out.experts != nullptr)
    out.top_k = static_cast<std::size_t>(graph_.value(node.inputs[1]).shape[1]);
}

std::size_t Plan::workspace_bytes(std::size_t n_tokens, std::size_t capacity) const {
  std::size_t bytes = 0;
  for (const PlanNode& node : nodes_) {
    std::size_t needed = 0;
    switch (node.op) {
      case Op::attention:
        needed = attention_workspace_bytes(capacity);
        break;
      case Op::gather_matmul:
      case Op::gate_up_swiglu:
        needed = expert_order_workspace_bytes(n_tokens, node.top_k, node.experts->size());
        break;
      case Op::gather_matmul_int8:
      case Op::gather_matmul_int16: {
        const WeightView& w = node.experts->front();
        needed = gather_matmul_rounded_workspace_bytes(
            w, n_tokens, node.top_k, node.experts->size(), node.inputs[0].width != w.cols);
        break;
      }
      case Op::down_combine:
        needed = down_combine_workspace_bytes(n_tokens, node.top_k, node.experts->size());
        break;
      case Op::router_topk:
        needed = router_topk_workspace_bytes(node.inputs[0].width);
        break;
      default:
        break;
    }
    bytes = std::max(bytes, needed);
  }
  return (bytes + 63) / 64 * 64;
}

std::size_t Plan::scratch_bytes(std::size_t n_tokens, std::size_t n_threads,
                                std::size_t capacity) const {
  return value_floats(n_tokens, 1) * sizeof(float) +
         n_threads * workspace_bytes(n_tokens, capacity);
}

}  // namespace fidelio
