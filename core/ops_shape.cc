// The rule of every op: which types and shapes it takes, and which it makes. Unknown dimensions
// agree with everything, so that a test may leave parameters undeclared. The list of ops is
// core/ops.cc.
#include "core/operands.h"

namespace fidelio {

namespace {

constexpr ValueType kF32 = ValueType::f32;
constexpr ValueType kI32 = ValueType::i32;

using Results = std::vector<Value>;

Results f32(Shape shape) { return {{"", kF32, std::move(shape)}}; }

Results embedding(const Operands& o) { return f32({o.input(0, 1, kI32)[0], o.param_dim(0, 1)}); }

Results linear(const Operands& o) {
  const Shape& x = o.input(0, 2);
  o.same(x[1], o.param_dim(0, 1), "widths");
  return f32({x[0], o.param_dim(0, 0)});
}

Results add_bias(const Operands& o) {
  const Shape& x = o.input(0, 2);
  o.same(x[1], o.param_dim(0, 0), "sizes");
  return f32(x);
}

Results rms_norm(const Operands& o) {
  const Shape& x = o.input(0, 2);
  const std::int64_t groups = o.node().has("groups") ? o.node().integer("groups") : 1;
  o.same(o.part(x[1], groups, "columns"), o.param_dim(0, 0), "sizes");
  return f32(x);
}

Results rope(const Operands& o) {
  const Shape& x = o.input(0, 2);
  const Dim head_dim = o.part(x[1], o.node().integer("heads"), "columns");
  o.same(o.part(head_dim, 2, "a head's columns"), o.param_dim(0, 0), "frequencies");
  o.same(x[0], o.input(1, 1, kI32)[0], "rows");
  return f32(x);
}

Results short_conv(const Operands& o) {
  const Shape& x = o.input(0, 2);
  o.same(x[1], o.param_dim(0, 0), "channels");
  return f32(x);
}

Results columns(const Operands& o) {
  const Shape& x = o.input(0, 2);
  const std::int64_t parts = o.node().integer("parts");
  if (o.node().integer("part") >= parts) o.fail("part is not below parts");
  return f32({x[0], o.part(x[1], parts, "columns")});
}

Results kv_append(const Operands& o) {
  const Shape kv = o.same(o.input(0, 2), o.input(1, 2), "keys and values");
  return {{"", ValueType::cache, {kv[1]}}};
}

Results attention(const Operands& o) {
  const Shape& q = o.input(0, 2);
  const std::int64_t heads = o.node().integer("num_attention_heads");
  const std::int64_t kv_heads = o.node().integer("num_key_value_heads");
  if (heads % kv_heads != 0) o.fail("num_attention_heads is no multiple of num_key_value_heads");
  o.same(o.part(q[1], heads, "columns"),
         o.part(o.input(1, 1, ValueType::cache)[0], kv_heads, "cached columns"), "head sizes");
  if (o.has_optional()) o.same(heads, o.param_dim(0, 0), "heads and sinks");
  return f32(q);
}

Results elementwise(const Operands& o) {
  return f32(o.same(o.any_input(0), o.any_input(1), "shapes"));
}

Results unary(const Operands& o) { return f32(o.any_input(0)); }

/// top_k and router_topk.
Results selection(const Operands& o) {
  const Shape& x = o.input(0, 2);
  const std::int64_t k = o.node().integer("k");
  if (x[1] >= 0 && k > x[1]) o.fail(fmt::format("k={} of {} columns", k, x[1]));
  if (o.has_optional()) o.same(x[1], o.param_dim(0, 0), "sizes");
  return {{"", kF32, {x[0], k}}, {"", kI32, {x[0], k}}};
}

/// [M, k] of the rows x and the ids that choose their experts.
Shape slots(const Operands& o, const Shape& x, const Shape& ids) {
  o.same(x[0], ids[0], "rows");
  return {ids[0], x.size() == 3 ? o.same(x[1], ids[1], "experts a token") : ids[1]};
}

Results gather_matmul(const Operands& o) {
  const Shape& x = o.input(0, o.rank(0) == 3 ? 3 : 2);
  const Shape chosen = slots(o, x, o.input(1, 2, kI32));
  o.same(x.back(), o.param_dim(0, 2), "widths");
  return f32({chosen[0], chosen[1], o.param_dim(0, 1)});
}

Results take(const Operands& o) {
  const Shape& ids = o.input(1, 2, kI32);
  o.same(o.input(0, 2)[0], ids[0], "rows");
  return f32(ids);
}

Results add_expert_bias(const Operands& o) {
  const Shape& x = o.input(0, 3);
  slots(o, x, o.input(1, 2, kI32));
  o.same(x[2], o.param_dim(0, 1), "sizes");
  return f32(x);
}

Results combine(const Operands& o) {
  const Shape& x = o.input(0, 3);
  const Shape& weights = o.input(1, 2);
  o.same(x[0], weights[0], "rows");
  o.same(x[1], weights[1], "experts a token");
  return f32({x[0], x[2]});
}

Results wanted_rows(const Operands& o) { return f32({kWantedRows, o.input(0, 2)[1]}); }

Results gate_up_swiglu(const Operands& o) {
  const Shape& x = o.input(0, 2);
  const Shape chosen = slots(o, x, o.input(1, 2, kI32));
  for (std::size_t i = 0; i < 2; ++i) o.same(x[1], o.param_dim(i, 2), "widths");
  o.same(o.param_dim(0, 0), o.param_dim(1, 0), "numbers of experts");
  for (std::size_t i = 0; o.has_optional() && i < 2; ++i) {
    o.same(o.param_dim(i, 0), o.param_dim(2 + i, 0), "numbers of experts");
    o.same(o.param_dim(i, 1), o.param_dim(2 + i, 1), "sizes");
  }
  return f32({chosen[0], chosen[1], o.same(o.param_dim(0, 1), o.param_dim(1, 1), "widths")});
}

Results down_combine(const Operands& o) {
  const Shape& x = o.input(0, 3);
  const Shape chosen = slots(o, x, o.input(1, 2, kI32));
  o.same(x[2], o.param_dim(0, 2), "widths");
  o.same(chosen, o.input(2, 2), "ids and weights");
  if (o.has_optional()) o.same(o.param_dim(0, 1), o.param_dim(1, 1), "sizes");
  return f32({x[0], o.param_dim(0, 1)});
}

Results add_rms_norm(const Operands& o) {
  const Shape sum = o.same(o.input(0, 2), o.input(1, 2), "shapes");
  o.same(sum[1], o.param_dim(0, 0), "sizes");
  return {{"", kF32, sum}, {"", kF32, sum}};
}

}  // namespace

std::vector<Value> infer_results(const Graph& graph, const Node& node) {
  const Operands operands(graph, node);
  operands.check_counts();
  operands.check_attributes();
  switch (node.op) {
    case Op::input:
      if (node.outputs.size() != 1) operands.fail("an input is one value");
      return {graph.value(node.outputs[0])};
    case Op::embedding:
      return embedding(operands);
    case Op::linear:
      return linear(operands);
    case Op::add_bias:
      return add_bias(operands);
    case Op::rms_norm:
      return rms_norm(operands);
    case Op::rope:
      return rope(operands);
    case Op::kv_append:
      return kv_append(operands);
    case Op::attention:
      return attention(operands);
    case Op::short_conv:
      return short_conv(operands);
    case Op::columns:
      return columns(operands);
    case Op::add:
    case Op::mul:
      return elementwise(operands);
    case Op::add_scalar:
    case Op::mul_scalar:
    case Op::clamp:
    case Op::sigmoid:
    case Op::silu:
    case Op::gelu:
    case Op::softmax:
    case Op::normalize:
      return unary(operands);
    case Op::top_k:
    case Op::router_topk:
      return selection(operands);
    case Op::take:
      return take(operands);
    case Op::add_expert_bias:
      return add_expert_bias(operands);
    case Op::gather_matmul:
    case Op::gather_matmul_int8:
    case Op::gather_matmul_int16:
      return gather_matmul(operands);
    case Op::combine:
      return combine(operands);
    case Op::wanted_rows:
      return wanted_rows(operands);
    case Op::gate_up_swiglu:
      return gate_up_swiglu(operands);
    case Op::down_combine:
      return down_combine(operands);
    case Op::add_rms_norm:
      return add_rms_norm(operands);
  }
  operands.fail("an op without a rule");
}

}  // namespace fidelio
