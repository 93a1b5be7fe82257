#include "core/fragment.h"

#include <algorithm>
#include <map>
#include <set>

namespace fidelio {
namespace {

/// Walks from results to what they are made of.
class Walk {
 public:
  Walk(const Graph& before, const Graph& after, const std::vector<std::string>& outputs)
      : before_(before), after_(after), outputs_(outputs.begin(), outputs.end()) {}

  void visit(ValueId value) {
    const std::string& name = before_.value(value).name;
    const NodeId producer = before_.producer(value);
    const bool outside = before_.node(producer).op == Op::input ||
                         (after_.find_value(name) && !outputs_.contains(name));
    if (outside) {
      inputs_.insert(value);
    } else if (nodes_.insert(producer).second) {
      for (const ValueId input : before_.node(producer).inputs) visit(input);
    }
  }

  Fragment take(std::vector<ValueId> outputs) const {
    return {{nodes_.begin(), nodes_.end()}, {inputs_.begin(), inputs_.end()}, std::move(outputs)};
  }

 private:
  const Graph& before_;
  const Graph& after_;
  std::set<std::string> outputs_;
  std::set<NodeId> nodes_;
  std::set<ValueId> inputs_;
};

}  // namespace

Fragment find_fragment(const Graph& before, const Graph& after,
                       const std::vector<std::string>& outputs) {
  Walk walk(before, after, outputs);
  std::vector<ValueId> ids;
  for (const std::string& name : outputs) {
    const auto value = before.find_value(name);
    if (!value) continue;  // made by the rewrite alone
    ids.push_back(*value);
    walk.visit(*value);
  }
  return walk.take(std::move(ids));
}

Graph fragment_graph(const Graph& graph, const Fragment& fragment) {
  Graph part;
  std::map<ValueId, ValueId> at;
  for (const ValueId input : fragment.inputs) {
    const Value& value = graph.value(input);
    at[input] = part.add_input(value.name, value.type, value.shape);
  }
  for (const NodeId id : fragment.nodes) {
    Node node = graph.node(id);
    for (ParamId& param : node.params) param = part.add_param(graph.param(param));
    for (ValueId& input : node.inputs) input = at.at(input);
    std::vector<std::string> names;
    for (const ValueId output : node.outputs) names.push_back(graph.value(output).name);
    const std::vector<ValueId> outputs = node.outputs;
    node.outputs.clear();
    const std::vector<ValueId> made = part.add(std::move(node), names);
    for (std::size_t i = 0; i < made.size(); ++i) at[outputs[i]] = made[i];
  }
  std::vector<ValueId> outputs;
  for (const ValueId output : fragment.outputs) outputs.push_back(at.at(output));
  part.set_outputs(std::move(outputs));
  part.verify();
  return part;
}

}  // namespace fidelio
