// The table of ops. Shape rules are core/ops_shape.cc.
#include "core/ops.h"

#include "core/check.h"

namespace fidelio {

namespace {

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
      // op, name, params, inputs, outputs, attributes, fused
      {Op::input, "input", 0, 0, 1, {}, false},
      {Op::embedding, "embedding", 1, 1, 1, {}, false},
      {Op::linear, "linear", 1, 1, 1, {}, false},
      {Op::rms_norm, "rms_norm", 1, 1, 1, {number("eps"), optional_integer("groups")}, false},
      {Op::rope, "rope", 1, 2, 1, {integer("heads")}, false},
      {Op::kv_append, "kv_append", 0, 2, 1, {integer("layer")}, false},
      {Op::attention,
       "attention",
       0,
       2,
       1,
       {integer("layer"), integer("num_attention_heads"), integer("num_key_value_heads"),
        number("scale")},
       false},
      {Op::add, "add", 0, 2, 1, {}, false},
      {Op::mul, "mul", 0, 2, 1, {}, false},
      {Op::silu, "silu", 0, 1, 1, {}, false},
      {Op::softmax, "softmax", 0, 1, 1, {}, false},
      {Op::top_k, "top_k", 0, 1, 2, {integer("k")}, false},
      {Op::normalize, "normalize", 0, 1, 1, {}, false},
      {Op::gather_matmul, "gather_matmul", 1, 2, 1, {}, false},
      {Op::combine, "combine", 0, 2, 1, {}, false},
      {Op::wanted_rows, "wanted_rows", 0, 1, 1, {}, false},
      {Op::router_topk,
       "router_topk",
       0,
       1,
       2,
       {integer("k"), text("order"), integer("normalize")},
       true},
      {Op::gate_up_swiglu, "gate_up_swiglu", 2, 2, 1, {}, true},
      {Op::down_combine, "down_combine", 1, 3, 1, {}, true},
      {Op::add_rms_norm, "add_rms_norm", 1, 2, 2, {number("eps")}, true},
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
