// Rewriting of graphs, and the clean-up after it.
#include "core/graph_editor.h"

#include <fmt/format.h>

#include <algorithm>

namespace fidelio {

void GraphEditor::replace(NodeId at, Node node) {
  Node& old = graph_.nodes_.at(static_cast<std::size_t>(at));
  if (node.layer < 0) node.layer = old.layer;
  sort_attributes(node);
  old = std::move(node);
}

void GraphEditor::erase(NodeId id) {
  graph_.nodes_.at(static_cast<std::size_t>(id)).outputs.clear();
}

ValueId GraphEditor::make_value(const std::string& hint, ValueType type, Shape shape) {
  std::string name = hint;
  for (int number = 1; graph_.find_value(name); ++number) name = fmt::format("{}.{}", hint, number);
  graph_.values_.push_back({std::move(name), type, std::move(shape)});
  return static_cast<ValueId>(graph_.values_.size() - 1);
}

void GraphEditor::finish() {
  remove_dead_nodes();
  renumber_values();
}

void GraphEditor::remove_dead_nodes() {
  std::vector<bool> read(graph_.values_.size(), false);
  const auto is_read = [&](ValueId id) { return read.at(static_cast<std::size_t>(id)); };
  for (const ValueId id : graph_.outputs_) read.at(static_cast<std::size_t>(id)) = true;
  std::vector<Node> kept;
  for (auto node = graph_.nodes_.rbegin(); node != graph_.nodes_.rend(); ++node) {
    const bool live = std::any_of(node->outputs.begin(), node->outputs.end(), is_read);
    if (!live && node->op != Op::input) continue;
    for (const ValueId id : node->inputs) read.at(static_cast<std::size_t>(id)) = true;
    kept.push_back(std::move(*node));
  }
  std::reverse(kept.begin(), kept.end());
  graph_.nodes_ = std::move(kept);
}

void GraphEditor::renumber_values() {
  std::vector<ValueId> renumbered(graph_.values_.size(), -1);
  std::vector<Value> kept;
  const auto move_to_new = [&](ValueId& id) {
    ValueId& to = renumbered.at(static_cast<std::size_t>(id));
    if (to < 0) {
      to = static_cast<ValueId>(kept.size());
      kept.push_back(std::move(graph_.values_[static_cast<std::size_t>(id)]));
    }
    id = to;
  };
  for (Node& node : graph_.nodes_) {
    for (ValueId& id : node.outputs) move_to_new(id);
  }
  for (Node& node : graph_.nodes_) {
    for (ValueId& id : node.inputs) move_to_new(id);
  }
  for (ValueId& id : graph_.outputs_) move_to_new(id);
  graph_.values_ = std::move(kept);
}

}  // namespace fidelio
