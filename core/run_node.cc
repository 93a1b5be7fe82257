#include "core/run_node.h"

#include <cstring>

#include "core/check.h"

namespace fidelio {

float* StepMemory::floats(const PlanValue& value) const {
  const bool wanted = value.place == PlanValue::Place::per_wanted_row;
  return wanted ? wanted_rows + value.offset * n_wanted : values + value.offset * n_tokens;
}

std::int32_t* StepMemory::integers(const PlanValue& value) const {
  return reinterpret_cast<std::int32_t*>(floats(value));
}

std::size_t StepMemory::rows(const PlanValue& value) const {
  return value.place == PlanValue::Place::per_wanted_row ? n_wanted : n_tokens;
}

namespace {

/// The last n_wanted tokens' rows.
void copy_wanted_rows(const PlanNode& node, const StepMemory& m, Share share) {
  const std::size_t width = node.outputs[0].width;
  const float* from = m.floats(node.inputs[0]) + (m.n_tokens - m.n_wanted) * width;
  const Range part = share.of(m.n_wanted * width);
  std::memcpy(m.floats(node.outputs[0]) + part.begin, from + part.begin,
              (part.end - part.begin) * sizeof(float));
}

/// A node's operands, named by their place in the text form.
struct Operands {
  const PlanNode& node;
  const StepMemory& m;

  const float* in(std::size_t i) const { return m.floats(node.inputs[i]); }
  float* out(std::size_t i = 0) const { return m.floats(node.outputs[i]); }
  std::size_t width(std::size_t i = 0) const { return node.inputs[i].width; }
  std::size_t rows() const { return m.rows(node.inputs[0]); }
  std::size_t floats() const { return rows() * width(); }
};

/// What reads or writes the arm's cache.
void run_cached(const KernelTable& k, const Operands& o, Share share) {
  const PlanNode& node = o.node;
  if (node.op == Op::short_conv) {
    k.short_conv({o.in(0), node.vector, o.out(), o.m.cache->conv(node.layer_index), o.m.positions,
                  o.m.n_tokens, node.n_taps},
                 share);
    return;
  }
  const KvCacheView cache = o.m.cache->layer(node.layer_index);
  if (node.op == Op::kv_append) {
    k.kv_append({o.in(0), o.in(1), cache, o.m.positions, o.m.n_tokens}, share);
  } else {
    k.attention({o.in(0), o.out(), cache, o.m.positions, o.m.n_tokens, node.heads, node.number,
                 node.window, node.vector},
                share);
  }
}

void run_elementwise(const KernelTable& k, const Operands& o, Share share) {
  const PlanNode& node = o.node;
  const ActivationArgs activation{o.in(0), o.out(), o.floats(), node.number};
  const ScalarArgs scalar{o.in(0), o.out(), o.floats(), node.number};
  switch (node.op) {
    case Op::add_scalar:
      return k.add_scalar(scalar, share);
    case Op::mul_scalar:
      return k.mul_scalar(scalar, share);
    case Op::clamp:
      return k.clamp({o.in(0), o.out(), o.floats(), node.min, node.max}, share);
    case Op::sigmoid:
      return k.sigmoid(activation, share);
    case Op::silu:
      return k.silu(activation, share);
    case Op::gelu:
      return k.gelu(activation, share);
    default:
      check_failed("every op has a kernel", __FILE__, __LINE__);
  }
}

void run_gather(GatherMatmulFn gather, const Operands& o, Share share) {
  const PlanNode& node = o.node;
  const bool x_per_slot = o.width() != node.experts->front().cols;
  gather({node.experts->data(), node.experts->size(), o.in(0), x_per_slot,
          o.m.integers(node.inputs[1]), o.out(), o.m.n_tokens, node.top_k},
         share);
}

void run_experts(const KernelTable& k, const Operands& o, Share share) {
  const PlanNode& node = o.node;
  const std::size_t n = o.m.n_tokens;
  switch (node.op) {
    case Op::gather_matmul:
      return run_gather(k.gather_matmul, o, share);
    case Op::gather_matmul_int8:
      return run_gather(k.gather_matmul_int8, o, share);
    case Op::gather_matmul_int16:
      return run_gather(k.gather_matmul_int16, o, share);
    case Op::take:
      k.take({o.in(0), o.m.integers(node.inputs[1]), o.out(), n, o.width(), node.outputs[0].width},
             share);
      return;
    case Op::add_expert_bias:
      k.add_expert_bias({o.in(0), node.vector, o.m.integers(node.inputs[1]), o.out(),
                         n * o.width(1), o.width() / o.width(1)},
                        share);
      return;
    case Op::combine:
      k.combine({o.in(0), o.in(1), o.out(), n, o.width(1), node.outputs[0].width}, share);
      return;
    case Op::router_topk:
      k.router_topk({o.in(0), o.out(0), o.m.integers(node.outputs[1]), n, o.width(), node.top_k,
                     node.order, node.normalize, node.number, node.factor, node.vector},
                    share);
      return;
    case Op::gate_up_swiglu:
      k.gate_up_swiglu({node.experts->data(), node.second_experts->data(), node.experts->size(),
                        o.in(0), o.m.integers(node.inputs[1]), o.out(), n, node.top_k, node.vector,
                        node.second_vector, node.swiglu},
                       share);
      return;
    case Op::down_combine:
      k.down_combine({node.experts->data(), node.experts->size(), o.in(0),
                      o.m.integers(node.inputs[1]), o.in(2), o.out(), n, node.top_k, node.vector},
                     share);
      return;
    default:
      check_failed("every op has a kernel", __FILE__, __LINE__);
  }
}

}  // namespace

void run_node(const KernelTable& k, const PlanNode& node, const StepMemory& m, Share share) {
  const Operands o{node, m};
  switch (node.op) {
    case Op::embedding:
      return k.embedding({*node.matrix, m.ids.data(), o.out(), m.n_tokens}, share);
    case Op::linear:
      return k.linear({*node.matrix, o.in(0), o.out(), o.rows()}, share);
    case Op::add_bias:
      return k.add_bias({o.in(0), node.vector, o.out(), o.rows(), o.width()}, share);
    case Op::rms_norm:
      return k.rms_norm({o.in(0), node.vector, o.out(), o.rows() * node.heads,
                         o.width() / node.heads, node.number},
                        share);
    case Op::add_rms_norm:
      return k.add_rms_norm(
          {o.in(0), o.in(1), node.vector, o.out(0), o.out(1), o.rows(), o.width(), node.number},
          share);
    case Op::rope:
      return k.rope(
          {o.in(0), o.out(), node.rope, m.positions, m.n_tokens, node.heads, node.interleaved},
          share);
    case Op::kv_append:
    case Op::attention:
    case Op::short_conv:
      return run_cached(k, o, share);
    case Op::add:
      return k.add({o.in(0), o.in(1), o.out(), o.floats()}, share);
    case Op::mul:
      return k.mul({o.in(0), o.in(1), o.out(), o.floats()}, share);
    case Op::softmax:
      return k.softmax({o.in(0), o.out(), o.rows(), o.width()}, share);
    case Op::normalize:
      return k.normalize({o.in(0), o.out(), o.rows(), o.width(), node.number}, share);
    case Op::columns:
      return k.columns({o.in(0), o.out(), o.rows(), node.outputs[0].width, node.part, node.parts},
                       share);
    case Op::top_k:
      return k.top_k(
          {o.in(0), o.out(0), m.integers(node.outputs[1]), m.n_tokens, o.width(), node.top_k},
          share);
    case Op::wanted_rows:
      return copy_wanted_rows(node, m, share);
    case Op::add_scalar:
    case Op::mul_scalar:
    case Op::clamp:
    case Op::sigmoid:
    case Op::silu:
    case Op::gelu:
      return run_elementwise(k, o, share);
    default:
      return run_experts(k, o, share);
  }
}

}  // namespace fidelio
