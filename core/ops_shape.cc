// The rule of every op: which types and shapes it takes, and which it makes. Unknown dimensions
// agree with everything, so that a test may leave parameters undeclared. The list of ops is
// core/ops.cc.
#include <fmt/format.h>

#include <cmath>

#include "core/graph.h"

namespace fidelio {

namespace {

constexpr ValueType kF32 = ValueType::f32;
constexpr ValueType kI32 = ValueType::i32;

/// One node while its rule runs: access to operands, and errors that name op and operand.
class Operands {
 public:
  Operands(const Graph& graph, const Node& node)
      : graph_(graph), node_(node), info_(info(node.op)) {}

  [[noreturn]] void fail(const std::string& why) const {
    throw GraphError(fmt::format("{}: {}", info_.name, why));
  }

  void check_counts() const {
    const auto check = [&](std::size_t n, std::size_t expected, const char* what) {
      if (n != expected) fail(fmt::format("{} {}, expected {}", n, what, expected));
    };
    check(node_.params.size(), info_.n_params, "parameters");
    check(node_.inputs.size(), info_.n_inputs, "inputs");
    for (const ValueId id : node_.inputs) {
      if (id < 0 || static_cast<std::size_t>(id) >= graph_.values().size()) {
        fail("reads a value that does not exist");
      }
    }
    for (const ParamId id : node_.params) {
      if (id < 0 || static_cast<std::size_t>(id) >= graph_.params().size()) {
        fail("reads a parameter that does not exist");
      }
      if (graph_.param(id).kind != info_.param_kind) {
        fail(fmt::format("@{} is not of the kind that this op reads", graph_.param(id).name));
      }
    }
  }

  void check_attributes() const {
    for (std::size_t i = 0; i < node_.attributes.size(); ++i) {
      const auto& [name, value] = node_.attributes[i];
      const AttributeInfo* known = info_.attribute(name);
      if (known == nullptr) fail(fmt::format("no attribute {}", name));
      if (value.index() != static_cast<std::size_t>(known->type)) {
        fail(fmt::format("attribute {} is of the wrong type", name));
      }
      for (std::size_t j = 0; j < i; ++j) {
        if (node_.attributes[j].first == name) fail(fmt::format("attribute {} twice", name));
      }
      check_attribute_value(name, value);
    }
    for (const AttributeInfo& entry : info_.attributes) {
      if (entry.required && !node_.has(entry.name)) fail(fmt::format("{} is missing", entry.name));
    }
  }

  std::size_t rank(std::size_t i) const { return graph_.value(node_.inputs[i]).shape.size(); }

  /// The shape of input i, of the given type and number of dimensions.
  const Shape& input(std::size_t i, std::size_t n_dims, ValueType type = kF32) const {
    const Value& value = graph_.value(node_.inputs[i]);
    if (value.type != type) fail(fmt::format("%{} is of the wrong type", value.name));
    if (value.shape.size() != n_dims) {
      fail(fmt::format("%{} is {}, expected {} dimensions", value.name, dims_text(value.shape),
                       n_dims));
    }
    return value.shape;
  }

  /// An input of any number of dimensions, at least one.
  const Shape& any_input(std::size_t i) const {
    const std::size_t n_dims = rank(i);
    return input(i, n_dims == 0 ? 1 : n_dims);
  }

  Dim param_dim(std::size_t i, std::size_t dim) const {
    const Shape& shape = graph_.param(node_.params[i]).shape;
    return shape.empty() ? kUnknown : shape[dim];
  }

  /// Two dimensions that must agree; the known one of them.
  Dim same(Dim a, Dim b, const char* what) const {
    if (a == kUnknown || a == b) return b;
    if (b != kUnknown) {
      fail(fmt::format("{} differ: {} and {}", what, dims_text({a}), dims_text({b})));
    }
    return a;
  }

  Shape same(const Shape& a, const Shape& b, const char* what) const {
    if (a.size() != b.size()) {
      fail(fmt::format("{} differ: {} and {}", what, dims_text(a), dims_text(b)));
    }
    Shape shape;
    for (std::size_t i = 0; i < a.size(); ++i) shape.push_back(same(a[i], b[i], what));
    return shape;
  }

  /// A width cut into equal parts.
  Dim part(Dim width, std::int64_t parts, const char* what) const {
    if (width == kUnknown) return kUnknown;
    if (width < 0 || width % parts != 0) {
      fail(fmt::format("{} {} are no {} equal parts", what, dims_text({width}), parts));
    }
    return width / parts;
  }

  const Node& node() const { return node_; }

 private:
  void check_attribute_value(const std::string& name, const Attribute& value) const {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      const bool flag = name == "normalize" || name == "interleaved";
      const std::int64_t last = flag ? 1 : std::int64_t{1} << 40;
      if (*integer < (flag || name == "layer" ? 0 : 1) || *integer > last) {
        fail(fmt::format("{}={} is out of range", name, *integer));
      }
    } else if (const auto* number = std::get_if<float>(&value)) {
      if (!std::isfinite(*number)) fail(fmt::format("{} is not finite", name));
    } else if (const auto& text = std::get<std::string>(value);
               name == "order" && text != "softmax_topk" && text != "topk_softmax") {
      fail(fmt::format("order={}, expected softmax_topk or topk_softmax", text));
    }
  }

  const Graph& graph_;
  const Node& node_;
  const OpInfo& info_;
};

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
  return f32({chosen[0], chosen[1], o.same(o.param_dim(0, 1), o.param_dim(1, 1), "widths")});
}

Results down_combine(const Operands& o) {
  const Shape& x = o.input(0, 3);
  const Shape chosen = slots(o, x, o.input(1, 2, kI32));
  o.same(x[2], o.param_dim(0, 2), "widths");
  o.same(chosen, o.input(2, 2), "ids and weights");
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
    case Op::add:
    case Op::mul:
      return elementwise(operands);
    case Op::silu:
    case Op::softmax:
    case Op::normalize:
      return unary(operands);
    case Op::top_k:
    case Op::router_topk:
      return selection(operands);
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
