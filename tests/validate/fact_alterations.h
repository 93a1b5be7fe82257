// The ways to get a fact wrong: one setting of the config, or one pass over the graph's nodes. The
// facts themselves are family_facts.h.
#pragma once

#include <string>
#include <utility>

#include "core/families/family.h"
#include "tests/support/altered_model.h"
#include "tests/validate/family_facts.h"

namespace fidelio::testing {

inline Fact in_config(std::string name, const std::function<void(ModelConfig&)>& change) {
  return {std::move(name), [change](ModelConfig config) {
            change(config);
            return build_graph(config);
          }};
}

inline Fact in_graph(std::string name, const KeepNode& keep) {
  return {std::move(name),
          [keep](const ModelConfig& config) { return rebuilt(build_graph(config), keep); }};
}

/// The graph as it is, and other tensors.
inline Fact in_tensors(std::string name, TensorEdit edit) {
  return {std::move(name), [](const ModelConfig& config) { return build_graph(config); },
          std::move(edit)};
}

/// Whether the node's first parameter has `param` in its name.
inline bool reads(const Graph& graph, const Node& node, const std::string& param) {
  return !node.params.empty() && graph.param(node.params[0]).name.find(param) != std::string::npos;
}

/// Drops the nodes of `op` that read a parameter whose name holds `param`.
inline Fact without(std::string name, Op op, const std::string& param = "") {
  return in_graph(std::move(name), [op, param](const Graph& graph, Node& node) {
    return node.op != op || (!param.empty() && !reads(graph, node, param));
  });
}

/// Every parameter named with `a` read where `b` was and the other way round.
inline Fact exchanged(std::string name, const std::string& a, const std::string& b) {
  return in_graph(std::move(name), [a, b](const Graph& graph, Node& node) {
    for (ParamId& id : node.params) {
      std::string other = graph.param(id).name;
      const bool is_a = other.find(a) != std::string::npos;
      const std::size_t at = other.find(is_a ? a : b);
      if (at == std::string::npos) continue;
      other.replace(at, (is_a ? a : b).size(), is_a ? b : a);
      if (const auto found = graph.find_param(other)) id = *found;
    }
    return true;
  });
}

/// `name` of the nodes of `op` (of those that read `param`, where it is given) times `factor`.
inline Fact attribute(std::string fact, Op op, const std::string& name, float factor,
                      const std::string& param = "") {
  return in_graph(std::move(fact), [op, name, factor, param](const Graph& graph, Node& node) {
    if (node.op != op || (!param.empty() && !reads(graph, node, param))) return true;
    for (auto& [key, value] : node.attributes) {
      if (key == name) value = std::get<float>(value) * factor;
    }
    return true;
  });
}

/// The nodes of `op` lose the attribute `name`.
inline Fact without_attribute(std::string fact, Op op, const std::string& name) {
  return in_graph(std::move(fact), [op, name](const Graph&, Node& node) {
    if (node.op == op)
      std::erase_if(node.attributes, [&](const auto& a) { return a.first == name; });
    return true;
  });
}

}  // namespace fidelio::testing
