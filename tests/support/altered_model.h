// A checkpoint under another graph than its own: one fact of the family altered, for tests that ask
// whether the logits notice.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "core/families/family.h"
#include "validate/loaded_model.h"

namespace fidelio::testing {

/// May change the node (its inputs are already those of the new graph) or say false to drop it, its
/// first input then standing for its first output.
using KeepNode = std::function<bool(const Graph&, Node&)>;

/// `from` with every node passed through `keep`.
inline Graph rebuilt(const Graph& from, const KeepNode& keep) {
  Graph to;
  for (const Param& param : from.params()) to.add_param(param);
  std::map<ValueId, ValueId> at;
  for (const Node& old : from.nodes()) {
    Node node = old;
    for (ValueId& input : node.inputs) input = at.at(input);
    if (!keep(to, node)) {
      at[old.outputs[0]] = node.inputs.at(0);
      continue;
    }
    const Value& first = from.value(old.outputs[0]);
    std::vector<ValueId> made;
    if (node.op == Op::input) {
      made = {to.add_input(first.name, first.type, first.shape)};
    } else {
      std::vector<std::string> names;
      for (const ValueId output : old.outputs) names.push_back(from.value(output).name);
      node.outputs.clear();
      made = to.add(std::move(node), names);
    }
    for (std::size_t i = 0; i < made.size(); ++i) at[old.outputs[i]] = made[i];
  }
  std::vector<ValueId> outputs;
  for (const ValueId output : from.outputs()) outputs.push_back(at.at(output));
  to.set_outputs(std::move(outputs));
  to.verify();
  return to;
}

/// The checkpoint in `dir` with `graph` instead of the one that its config.json asks for.
inline std::unique_ptr<const LoadedModel> load_with_graph(const std::filesystem::path& dir,
                                                          Graph graph) {
  Checkpoint checkpoint = Checkpoint::open(dir);
  ModelWeights weights(checkpoint, graph);
  return std::unique_ptr<const LoadedModel>(new LoadedModel{"altered",
                                                            std::nullopt,
                                                            std::move(checkpoint),
                                                            std::move(graph),
                                                            std::move(weights),
                                                            std::nullopt,
                                                            {}});
}

}  // namespace fidelio::testing
