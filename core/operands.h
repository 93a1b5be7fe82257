// One node while its op's rule runs: access to operands, and errors that name op and operand. For
// core/ops_shape.cc alone.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <string>

#include "core/graph.h"
#include "core/router_order.h"

namespace fidelio {

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
    const std::size_t required = info_.params.size();
    const bool with_optional = node_.params.size() > required;
    check(node_.params.size(), required + (with_optional ? info_.optional_params.size() : 0),
          "parameters");
    check(node_.inputs.size(), info_.n_inputs, "inputs");
    for (const ValueId id : node_.inputs) {
      if (id < 0 || static_cast<std::size_t>(id) >= graph_.values().size()) {
        fail("reads a value that does not exist");
      }
    }
    for (std::size_t i = 0; i < node_.params.size(); ++i) {
      const ParamId id = node_.params[i];
      if (id < 0 || static_cast<std::size_t>(id) >= graph_.params().size()) {
        fail("reads a parameter that does not exist");
      }
      if (graph_.param(id).kind != info_.param_kind(i)) {
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
  const Shape& input(std::size_t i, std::size_t n_dims, ValueType type = ValueType::f32) const {
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

  /// The optional parameters are there.
  bool has_optional() const { return node_.params.size() > info_.params.size(); }

  const Node& node() const { return node_; }

 private:
  void check_attribute_value(const std::string& name, const Attribute& value) const {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      const bool flag = name == "normalize" || name == "interleaved";
      const bool from_zero = flag || name == "layer" || name == "part";
      const std::int64_t last = flag ? 1 : std::int64_t{1} << 40;
      if (*integer < (from_zero ? 0 : 1) || *integer > last) {
        fail(fmt::format("{}={} is out of range", name, *integer));
      }
    } else if (const auto* number = std::get_if<float>(&value)) {
      if (!std::isfinite(*number)) fail(fmt::format("{} is not finite", name));
    } else if (const auto& text = std::get<std::string>(value);
               name == "order" && !parse_router_order(text)) {
      fail(fmt::format("order={}, expected {}", text, kRouterOrderNames));
    }
  }

  const Graph& graph_;
  const Node& node_;
  const OpInfo& info_;
};

}  // namespace fidelio
