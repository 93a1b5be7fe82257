// Printing of graphs. Parsing is core/graph_parse.cc.
#include "core/graph_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace fidelio {

namespace {

std::string attribute_text(const Attribute& attribute) {
  return std::visit([](const auto& value) { return fmt::format("{}", value); }, attribute);
}

std::string value_list(const Graph& graph, const std::vector<ValueId>& ids) {
  std::string text;
  for (const ValueId id : ids) {
    if (!text.empty()) text += ", ";
    text += "%" + graph.value(id).name;
  }
  return text;
}

std::string declaration(const Param& param) {
  std::string text =
      fmt::format("@{} = {} {}", param.name, info(param.kind).name, dims_text(param.shape));
  for (const std::string& source : param.sources) {
    const bool first = &source == &param.sources.front();
    if (!first || source != param.name) text += (first ? " from @" : " or @") + source;
  }
  if (!param.data.empty()) text += fmt::format(" {{{}}}", fmt::join(param.data, ", "));
  return text;
}

std::string input_text(const Value& value) {
  const char* type = value.type == ValueType::f32   ? ""
                     : value.type == ValueType::i32 ? " i32"
                                                    : " cache";
  return fmt::format("%{} = input {}{}", value.name, dims_text(value.shape), type);
}

}  // namespace

std::string node_text(const Graph& graph, const Node& node) {
  if (node.op == Op::input) return input_text(graph.value(node.outputs.at(0)));
  std::string text = fmt::format("{} = {}", value_list(graph, node.outputs), info(node.op).name);
  const char* separator = " ";
  for (const ParamId id : node.params) {
    text += fmt::format("{}@{}", separator, graph.param(id).name);
    separator = ", ";
  }
  if (!node.inputs.empty()) text += separator + value_list(graph, node.inputs);
  if (node.attributes.empty()) return text;
  text += " {";
  separator = "";
  for (const auto& [name, attribute] : node.attributes) {
    text += fmt::format("{}{}={}", separator, name, attribute_text(attribute));
    separator = ", ";
  }
  return text + "}";
}

std::string ops_text(const Graph& graph) {
  std::string text;
  int layer = -1;
  for (const Node& node : graph.nodes()) {
    if (node.layer != layer) {
      layer = node.layer;
      text += layer < 0 ? "layer none\n" : fmt::format("layer {}\n", layer);
    }
    text += node_text(graph, node) + "\n";
  }
  if (!graph.outputs().empty()) text += "output " + value_list(graph, graph.outputs()) + "\n";
  return text;
}

std::string to_text(const Graph& graph) {
  std::string text;
  for (const Param& param : graph.params()) {
    if (!param.shape.empty()) text += declaration(param) + "\n";
  }
  return text + ops_text(graph);
}

}  // namespace fidelio
