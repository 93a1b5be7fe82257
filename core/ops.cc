// The table of ops. Shape rules are core/ops_shape.cc.
#include "core/ops.h"

#include "core/check.h"

namespace fidelio {

namespace {

using Kinds = std::vector<ParamKind>;

constexpr ParamKindInfo kParamKinds[] = {
    {ParamKind::vector, "vector", 1},   {ParamKind::matrix, "matrix", 2},
    {ParamKind::experts, "experts", 3}, {ParamKind::expert_vectors, "expert_vectors", 2},
    {ParamKind::taps, "taps", 2},       {ParamKind::constant, "constant", 1},
};

constexpr AttributeInfo integer(std::string_view name) {
  return {name, AttributeType::integer, true};
}
constexpr AttributeInfo optional_integer(std::string_view name) {
  return {name, AttributeType::integer, false};
}
constexpr AttributeInfo number(std::string_view name) {
  return {name, AttributeType::number, true};
}
constexpr AttributeInfo optional_number(std::string_view name) {
  return {name, AttributeType::number, false};
}
constexpr AttributeInfo text(std::string_view name) { return {name, AttributeType::text, true}; }

using Attributes = std::vector<AttributeInfo>;

std::vector<OpInfo> make_table() {
  const Kinds kNone;
  const Kinds kVector = {ParamKind::vector};
  const Kinds kMatrix = {ParamKind::matrix};
  const Kinds kExperts = {ParamKind::experts};
  const Kinds kExpertVectors = {ParamKind::expert_vectors};
  const Attributes kNorm = {number("eps"), optional_integer("groups")};
  const Attributes kRope = {integer("heads"), optional_integer("interleaved"),
                            optional_number("attention_factor")};
  const Attributes kAttention = {integer("layer"), integer("num_attention_heads"),
                                 integer("num_key_value_heads"), number("scale"),
                                 optional_integer("sliding_window")};
  const Attributes kColumns = {integer("part"), integer("parts")};
  const Attributes kClamp = {optional_number("min"), optional_number("max")};
  const Attributes kRouter = {integer("k"), text("order"), integer("normalize"),
                              optional_number("eps"), optional_number("factor")};
  const Attributes kSwiglu = {optional_number("gate_max"), optional_number("alpha"),
                              optional_number("up_min"), optional_number("up_max"),
                              optional_number("up_add")};
  return {
      // op, name, params, optional params, inputs, outputs, attributes, fused, i32 input
      {Op::input, "input", kNone, kNone, 0, 1, {}, false, -1},
      {Op::embedding, "embedding", kMatrix, kNone, 1, 1, {}, false, 0},
      {Op::linear, "linear", kMatrix, kNone, 1, 1, {}, false, -1},
      {Op::add_bias, "add_bias", kVector, kNone, 1, 1, {}, false, -1},
      {Op::rms_norm, "rms_norm", kVector, kNone, 1, 1, kNorm, false, -1},
      {Op::rope, "rope", {ParamKind::constant}, kNone, 2, 1, kRope, false, 1},
      {Op::kv_append, "kv_append", kNone, kNone, 2, 1, {integer("layer")}, false, -1},
      {Op::attention, "attention", kNone, kVector, 2, 1, kAttention, false, -1},
      {Op::short_conv, "short_conv", {ParamKind::taps}, kNone, 1, 1, {integer("layer")}, false, -1},
      {Op::columns, "columns", kNone, kNone, 1, 1, kColumns, false, -1},
      {Op::add, "add", kNone, kNone, 2, 1, {}, false, -1},
      {Op::mul, "mul", kNone, kNone, 2, 1, {}, false, -1},
      {Op::add_scalar, "add_scalar", kNone, kNone, 1, 1, {number("value")}, false, -1},
      {Op::mul_scalar, "mul_scalar", kNone, kNone, 1, 1, {number("value")}, false, -1},
      {Op::clamp, "clamp", kNone, kNone, 1, 1, kClamp, false, -1},
      {Op::sigmoid, "sigmoid", kNone, kNone, 1, 1, {}, false, -1},
      {Op::silu, "silu", kNone, kNone, 1, 1, {optional_number("alpha")}, false, -1},
      {Op::gelu, "gelu", kNone, kNone, 1, 1, {}, false, -1},
      {Op::softmax, "softmax", kNone, kNone, 1, 1, {}, false, -1},
      {Op::top_k, "top_k", kNone, kNone, 1, 2, {integer("k")}, false, -1},
      {Op::take, "take", kNone, kNone, 2, 1, {}, false, 1},
      {Op::normalize, "normalize", kNone, kNone, 1, 1, {optional_number("eps")}, false, -1},
      {Op::gather_matmul, "gather_matmul", kExperts, kNone, 2, 1, {}, false, 1},
      {Op::add_expert_bias, "add_expert_bias", kExpertVectors, kNone, 2, 1, {}, false, 1},
      {Op::combine, "combine", kNone, kNone, 2, 1, {}, false, -1},
      {Op::wanted_rows, "wanted_rows", kNone, kNone, 1, 1, {}, false, -1},
      {Op::router_topk, "router_topk", kNone, kVector, 1, 2, kRouter, true, -1},
      {Op::gate_up_swiglu,
       "gate_up_swiglu",
       {ParamKind::experts, ParamKind::experts},
       {ParamKind::expert_vectors, ParamKind::expert_vectors},
       2,
       1,
       kSwiglu,
       true,
       1},
      {Op::down_combine, "down_combine", kExperts, kExpertVectors, 3, 1, {}, true, 1},
      {Op::add_rms_norm, "add_rms_norm", kVector, kNone, 2, 2, {number("eps")}, true, -1},
      {Op::gather_matmul_int8, "gather_matmul_int8", kExperts, kNone, 2, 1, {}, true, 1},
      {Op::gather_matmul_int16, "gather_matmul_int16", kExperts, kNone, 2, 1, {}, true, 1},
  };
}

const std::vector<OpInfo>& table() {
  static const std::vector<OpInfo> ops = make_table();
  return ops;
}

}  // namespace

ParamKind OpInfo::param_kind(std::size_t i) const {
  return i < params.size() ? params[i] : optional_params.at(i - params.size());
}

const AttributeInfo* OpInfo::attribute(std::string_view attribute_name) const {
  for (const AttributeInfo& entry : attributes) {
    if (entry.name == attribute_name) return &entry;
  }
  return nullptr;
}

std::span<const ParamKindInfo> all_param_kinds() { return kParamKinds; }

const ParamKindInfo& info(ParamKind kind) {
  const auto index = static_cast<std::size_t>(kind);
  FIDELIO_CHECK(index < std::size(kParamKinds) && kParamKinds[index].kind == kind);
  return kParamKinds[index];
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
