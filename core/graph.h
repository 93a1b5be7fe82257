// A model's computation as typed nodes over values, in the order they run. Built unfused by
// core/families/, rewritten by patches/ through core/graph_editor.h, made executable by
// core/plan.h, printed and parsed by core/graph_text.h. Nothing here computes or reads a
// checkpoint.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/ops.h"

namespace fidelio {

/// Indices into Graph::values(), nodes() and params().
using ValueId = std::int32_t;
using NodeId = std::int32_t;
using ParamId = std::int32_t;

/// A dimension: a size of at least 1, or one of the symbols below.
using Dim = std::int64_t;
inline constexpr Dim kTokens = -1;      ///< M: the tokens of a step
inline constexpr Dim kWantedRows = -2;  ///< L: the rows whose logits are wanted
inline constexpr Dim kUnknown = -3;     ///< `?`: follows from a parameter of unknown shape
using Shape = std::vector<Dim>;

enum class ValueType : std::uint8_t { f32, i32, cache };

/// Names of values are made of letters, digits and _ . * - /, as checkpoints' paths.
constexpr bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '*' || c == '-' || c == '/';
}

/// Names and sources of parameters have selectors of rows besides (core/tensor_source.h).
constexpr bool is_source_character(char c) {
  return is_name_character(c) || c == '[' || c == ']' || c == ':';
}

/// What a node makes. The shape of a cache is the width of one position's keys.
struct Value {
  std::string name;  ///< without the '%'; unique in its graph
  ValueType type = ValueType::f32;
  Shape shape;

  bool operator==(const Value&) const = default;
};

/// Something a graph reads but does not compute.
struct Param {
  using Kind = ParamKind;
  std::string name;  ///< the checkpoint's path without ".weight"; `*` stands for the expert
  Kind kind = Kind::matrix;
  Shape shape;  ///< as its kind says; empty where unknown (text without a declaration)
  /// Where the checkpoint may hold it, in order, spelled as core/tensor_source.h says; add_param()
  /// takes the name where none is given.
  /// With `*` one tensor an expert, without one tensor for all of them. Empty for constants.
  std::vector<std::string> sources;
  std::vector<float> data;  ///< constants only: the values themselves

  bool operator==(const Param&) const = default;
};

/// Rounded constants (eps, scale) are float32, so that every evaluation of a graph reads the same
/// value.
using Attribute = std::variant<std::int64_t, float, std::string>;

struct Node {
  Op op = Op::input;
  std::vector<ParamId> params;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  std::vector<std::pair<std::string, Attribute>> attributes;  ///< in the order of the op's table
  int layer = -1;  ///< for reports; -1 outside the layers

  bool has(std::string_view attribute) const;
  /// Throw std::logic_error when the attribute is absent or of another type.
  std::int64_t integer(std::string_view attribute) const;
  float number(std::string_view attribute) const;
  const std::string& text(std::string_view attribute) const;

  bool operator==(const Node&) const = default;
};

/// A programmer's error: a node whose arity, attributes, types or shapes do not fit.
struct GraphError : std::logic_error {
  using std::logic_error::logic_error;
};

class Graph {
 public:
  const std::vector<Node>& nodes() const { return nodes_; }
  const std::vector<Value>& values() const { return values_; }
  const std::vector<Param>& params() const { return params_; }
  const std::vector<ValueId>& outputs() const { return outputs_; }

  const Node& node(NodeId id) const { return nodes_[static_cast<std::size_t>(id)]; }
  const Value& value(ValueId id) const { return values_[static_cast<std::size_t>(id)]; }
  const Param& param(ParamId id) const { return params_[static_cast<std::size_t>(id)]; }

  /// By name, without '%' or '@'.
  std::optional<ValueId> find_value(std::string_view name) const;
  std::optional<ParamId> find_param(std::string_view name) const;

  /// The node that makes a value (every value of a verified graph has one).
  NodeId producer(ValueId id) const;
  /// The nodes that read a value, in order, each once.
  std::vector<NodeId> consumers(ValueId id) const;
  bool is_output(ValueId id) const;

  /// Adds a parameter, or finds the equal one of that name. Throws GraphError when one of that name
  /// differs.
  ParamId add_param(Param param);
  /// Appends a node and makes its results, named `names`, with shapes by the op's rule. Attributes
  /// are put into the order of the op's table. Throws GraphError where arity, attributes, types,
  /// shapes or names do not fit; the graph is then unchanged.
  std::vector<ValueId> add(Node node, const std::vector<std::string>& names);
  /// An input of a given type and shape.
  ValueId add_input(const std::string& name, ValueType type, Shape shape);
  /// The results, in order. Throws GraphError for a value that is not there.
  void set_outputs(std::vector<ValueId> outputs);

  /// Throws GraphError unless every node is well-formed, reads only values made before it, makes
  /// what its op's rule says, and names are unique.
  void verify() const;

  /// Same nodes in the same order, same values, parameters and outputs. Ids follow the order of
  /// definition, so a graph that was printed and parsed again is equal.
  bool operator==(const Graph&) const = default;

 private:
  friend class GraphEditor;

  std::vector<Node> nodes_;
  std::vector<Value> values_;
  std::vector<Param> params_;
  std::vector<ValueId> outputs_;
};

/// Types and shapes of a node's results, unnamed. Throws GraphError where the node does not fit its
/// op. For `input` this is what the node's output already says.
std::vector<Value> infer_results(const Graph& graph, const Node& node);

/// Puts a node's attributes into the order of its op's table.
void sort_attributes(Node& node);

/// "[M, 2048]"; symbols M, L and ?.
std::string dims_text(const Shape& shape);

}  // namespace fidelio
