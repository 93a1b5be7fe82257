// Graph: look-ups, growth by one checked node at a time, verification. Rewriting is
// core/graph_editor.cc; shapes are core/ops_shape.cc.
#include "core/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

namespace fidelio {

namespace {

constexpr std::size_t kMaxItems = std::numeric_limits<std::int32_t>::max();

bool is_in(std::int32_t id, std::size_t size) {
  return id >= 0 && static_cast<std::size_t>(id) < size;
}

template <typename Item>
std::optional<std::int32_t> find_named(const std::vector<Item>& items, std::string_view name) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].name == name) return static_cast<std::int32_t>(i);
  }
  return std::nullopt;
}

const Attribute* find_attribute(const Node& node, std::string_view name) {
  for (const auto& [key, value] : node.attributes) {
    if (key == name) return &value;
  }
  return nullptr;
}

template <typename T>
const T& typed_attribute(const Node& node, std::string_view name) {
  const Attribute* attribute = find_attribute(node, name);
  if (attribute == nullptr || !std::holds_alternative<T>(*attribute)) {
    throw GraphError(
        fmt::format("{} has no attribute {} of the type asked for", info(node.op).name, name));
  }
  return std::get<T>(*attribute);
}

/// Names stand in text forms, messages and capsules.
void check_name(const std::string& name, bool (*is_allowed)(char)) {
  const bool plain = std::all_of(name.begin(), name.end(), is_allowed);
  if (name.empty() || !plain) throw GraphError(fmt::format("\"{}\" is no name", name));
}

void check_shape(const std::string& name, const Shape& shape) {
  for (const Dim dim : shape) {
    if (dim == 0 || dim < kUnknown) {
      throw GraphError(fmt::format("{} has a dimension of {}", name, dim));
    }
  }
}

void check_param(const Param& param) {
  check_name(param.name, is_source_character);
  for (const std::string& source : param.sources) check_name(source, is_source_character);
  check_shape("@" + param.name, param.shape);
  const std::size_t rank = info(param.kind).rank;
  if (!param.shape.empty() && param.shape.size() != rank) {
    throw GraphError(fmt::format("@{} has {} dimensions, its kind has {}", param.name,
                                 param.shape.size(), rank));
  }
  const bool constant = param.kind == Param::Kind::constant;
  const bool right_size =
      param.data.empty() ||
      (param.shape.size() == 1 && static_cast<std::size_t>(param.shape[0]) == param.data.size());
  const bool finite = std::all_of(param.data.begin(), param.data.end(),
                                  [](float value) { return std::isfinite(value); });
  if (!finite) throw GraphError(fmt::format("@{} holds a value that is not finite", param.name));
  if ((!constant && !param.data.empty()) || !right_size) {
    throw GraphError(fmt::format("@{} has {} values, which its kind or shape does not", param.name,
                                 param.data.size()));
  }
}

}  // namespace

bool Node::has(std::string_view attribute) const {
  return find_attribute(*this, attribute) != nullptr;
}

std::int64_t Node::integer(std::string_view attribute) const {
  return typed_attribute<std::int64_t>(*this, attribute);
}

float Node::number(std::string_view attribute) const {
  return typed_attribute<float>(*this, attribute);
}

const std::string& Node::text(std::string_view attribute) const {
  return typed_attribute<std::string>(*this, attribute);
}

std::optional<ValueId> Graph::find_value(std::string_view name) const {
  return find_named(values_, name);
}

std::optional<ParamId> Graph::find_param(std::string_view name) const {
  return find_named(params_, name);
}

NodeId Graph::producer(ValueId id) const {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const std::vector<ValueId>& made = nodes_[i].outputs;
    if (std::find(made.begin(), made.end(), id) != made.end()) return static_cast<NodeId>(i);
  }
  throw GraphError(fmt::format("no node makes value {}", id));
}

std::vector<NodeId> Graph::consumers(ValueId id) const {
  std::vector<NodeId> readers;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const std::vector<ValueId>& read = nodes_[i].inputs;
    if (std::find(read.begin(), read.end(), id) != read.end()) {
      readers.push_back(static_cast<NodeId>(i));
    }
  }
  return readers;
}

bool Graph::is_output(ValueId id) const {
  return std::find(outputs_.begin(), outputs_.end(), id) != outputs_.end();
}

ParamId Graph::add_param(Param param) {
  if (param.sources.empty() && param.kind != Param::Kind::constant) param.sources = {param.name};
  check_param(param);
  if (const auto known = find_param(param.name)) {
    if (!(params_[static_cast<std::size_t>(*known)] == param)) {
      throw GraphError(fmt::format("@{} is declared twice, differently", param.name));
    }
    return *known;
  }
  if (params_.size() >= kMaxItems) throw GraphError("too many parameters");
  params_.push_back(std::move(param));
  return static_cast<ParamId>(params_.size() - 1);
}

std::vector<ValueId> Graph::add(Node node, const std::vector<std::string>& names) {
  if (node.op == Op::input || !node.outputs.empty()) {
    throw GraphError("add() makes the results itself; inputs are made by add_input()");
  }
  std::vector<Value> results = infer_results(*this, node);
  if (names.size() != results.size()) {
    throw GraphError(fmt::format("{} has {} results, {} names were given", info(node.op).name,
                                 results.size(), names.size()));
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool twice = std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i),
                                 names[i]) != names.begin() + static_cast<std::ptrdiff_t>(i);
    if (twice || find_value(names[i])) {
      throw GraphError(fmt::format("%{} is made twice", names[i]));
    }
    check_name(names[i], is_name_character);
    results[i].name = names[i];
  }
  if (values_.size() + results.size() >= kMaxItems) throw GraphError("too many values");
  for (Value& result : results) {
    node.outputs.push_back(static_cast<ValueId>(values_.size()));
    values_.push_back(std::move(result));
  }
  sort_attributes(node);
  nodes_.push_back(std::move(node));
  return nodes_.back().outputs;
}

ValueId Graph::add_input(const std::string& name, ValueType type, Shape shape) {
  check_name(name, is_name_character);
  if (find_value(name)) throw GraphError(fmt::format("%{} is made twice", name));
  if (values_.size() + 1 >= kMaxItems) throw GraphError("too many values");
  check_shape("%" + name, shape);
  const auto id = static_cast<ValueId>(values_.size());
  values_.push_back({name, type, std::move(shape)});
  Node node;
  node.outputs = {id};
  nodes_.push_back(std::move(node));
  return id;
}

void Graph::set_outputs(std::vector<ValueId> outputs) {
  for (const ValueId id : outputs) {
    if (!is_in(id, values_.size())) throw GraphError(fmt::format("no value {} to return", id));
  }
  outputs_ = std::move(outputs);
}

void sort_attributes(Node& node) {
  const std::vector<AttributeInfo>& order = info(node.op).attributes;
  const auto rank = [&](const std::string& name) {
    return std::find_if(order.begin(), order.end(),
                        [&](const AttributeInfo& entry) { return entry.name == name; }) -
           order.begin();
  };
  std::stable_sort(node.attributes.begin(), node.attributes.end(),
                   [&](const auto& a, const auto& b) { return rank(a.first) < rank(b.first); });
}

void Graph::verify() const {
  std::unordered_set<std::string> names;
  for (const Value& value : values_) {
    if (!names.insert(value.name).second) {
      throw GraphError(fmt::format("%{} is made twice", value.name));
    }
  }
  std::unordered_set<ValueId> made;
  for (const Node& node : nodes_) {
    for (const ValueId id : node.inputs) {
      if (made.count(id) == 0) {
        throw GraphError(
            fmt::format("{} reads value {}, which no earlier node makes", info(node.op).name, id));
      }
    }
    for (const ValueId id : node.outputs) {
      if (!is_in(id, values_.size())) throw GraphError("a node makes a value that is not there");
    }
    const std::vector<Value> results = infer_results(*this, node);
    if (results.size() != node.outputs.size()) {
      throw GraphError(fmt::format("{} has the wrong number of results", info(node.op).name));
    }
    for (std::size_t i = 0; i < results.size(); ++i) {
      const ValueId id = node.outputs[i];
      if (!made.insert(id).second) {
        throw GraphError(fmt::format("{} makes value {} a second time", info(node.op).name, id));
      }
      if (value(id).type != results[i].type || value(id).shape != results[i].shape) {
        throw GraphError(fmt::format("%{} is {}, its op makes {}", value(id).name,
                                     dims_text(value(id).shape), dims_text(results[i].shape)));
      }
    }
  }
  for (const ValueId id : outputs_) {
    if (made.count(id) == 0) throw GraphError(fmt::format("no node makes the output {}", id));
  }
}

std::string dims_text(const Shape& shape) {
  std::string text = "[";
  for (const Dim dim : shape) {
    if (text.size() > 1) text += ", ";
    text += dim == kTokens       ? "M"
            : dim == kWantedRows ? "L"
            : dim == kUnknown    ? "?"
                                 : std::to_string(dim);
  }
  return text + "]";
}

}  // namespace fidelio
