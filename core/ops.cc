// The table of ops. Shape rules are core/ops_shape.cc.
#include "core/ops.h"

#include "core/check.h"

namespace fidelio {

namespace {

constexpr ParamKind kVector = ParamKind::vector;
constexpr ParamKind kMatrix = ParamKind::matrix;
constexpr ParamKind kExperts = ParamKind::experts;
constexpr ParamKind kConstant = ParamKind::constant;

constexpr AttributeInfo integer(std::string_view name) {
  return {name, AttributeType::integer, true};
}
constexpr AttributeInfo optional_integer(std::string_view name) {
  return {name, AttributeType::integer, false};
}
constexpr AttributeInfo number(std::string_view name) {
  return {name, AttributeType::number, true};
}
constexpr AttributeInfo text(std::string_view name) { return {name, AttributeType::text, true}; }

const std::vector<OpInfo>& table() {
  static const std::vector<OpInfo> ops = {
      // op, name, params and their kind, inputs, outputs, attributes, fused, i32 input
      {Op::input, "input", 0, kMatrix, 0, 1, {}, false, -1},
      {Op::embedding, "embedding", 1, kMatrix, 1, 1, {}, false, 0},
      {Op::linear, "linear", 1, kMatrix, 1, 1, {}, false, -1},
      {Op::add_bias, "add_bias", 1, kVector, 1, 1, {}, false, -1},
      {Op::rms_norm,
       "rms_norm",
       1,
       kVector,
       1,
       1,
       {number("eps"), optional_integer("groups")},
       false,
       -1},
      {Op::rope,
       "rope",
       1,
       kConstant,
       2,
       1,
       {integer("heads"), optional_integer("interleaved")},
       false,
       1},
      {Op::kv_append, "kv_append", 0, kMatrix, 2, 1, {integer("layer")}, false, -1},
      {Op::attention,
       "attention",
       0,
       kMatrix,
       2,
       1,
       {integer("layer"), integer("num_attention_heads"), integer("num_key_value_heads"),
        number("scale"), optional_integer("sliding_window")},
       false,
       -1},
      {Op::add, "add", 0, kMatrix, 2, 1, {}, false, -1},
      {Op::mul, "mul", 0, kMatrix, 2, 1, {}, false, -1},
      {Op::silu, "silu", 0, kMatrix, 1, 1, {}, false, -1},
      {Op::softmax, "softmax", 0, kMatrix, 1, 1, {}, false, -1},
      {Op::top_k, "top_k", 0, kMatrix, 1, 2, {integer("k")}, false, -1},
      {Op::normalize, "normalize", 0, kMatrix, 1, 1, {}, false, -1},
      {Op::gather_matmul, "gather_matmul", 1, kExperts, 2, 1, {}, false, 1},
      {Op::combine, "combine", 0, kMatrix, 2, 1, {}, false, -1},
      {Op::wanted_rows, "wanted_rows", 0, kMatrix, 1, 1, {}, false, -1},
      {Op::router_topk,
       "router_topk",
       0,
       kMatrix,
       1,
       2,
       {integer("k"), text("order"), integer("normalize")},
       true,
       -1},
      {Op::gate_up_swiglu, "gate_up_swiglu", 2, kExperts, 2, 1, {}, true, 1},
      {Op::down_combine, "down_combine", 1, kExperts, 3, 1, {}, true, 1},
      {Op::add_rms_norm, "add_rms_norm", 1, kVector, 2, 2, {number("eps")}, true, -1},
      {Op::gather_matmul_int8, "gather_matmul_int8", 1, kExperts, 2, 1, {}, true, 1},
      {Op::gather_matmul_int16, "gather_matmul_int16", 1, kExperts, 2, 1, {}, true, 1},
  };
  return ops;
}

}  // namespace

const AttributeInfo* OpInfo::attribute(std::string_view attribute_name) const {
  for (const AttributeInfo& entry : attributes) {
    if (entry.name == attribute_name) return &entry;
  }
  return nullptr;
}

std::span<const OpInfo> all_ops() { return table(); }

const OpInfo& info(Op op) {
  const auto index = static_cast<std::size_t>(op);
  FIDELIO_CHECK(index < table().size() && table()[index].op == op);
  return table()[index];
}

const OpInfo* find_op(std::string_view name) {
  for (const OpInfo& entry : table()) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

}  // namespace fidelio
