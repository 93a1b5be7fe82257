// The one way to change a graph that is already built: nodes are replaced, values keep their names
// and ids until the edit is finished. When and why to rewrite is patches/.
#pragma once

#include <string>
#include <vector>

#include "core/graph.h"

namespace fidelio {

class GraphEditor {
 public:
  explicit GraphEditor(Graph& graph) : graph_(graph) {}

  const Graph& graph() const { return graph_; }

  /// Puts `node` in the place of node `at`. Its outputs are values of the graph: those of `at`, of
  /// nodes that are erased or go dead, or new ones from make_value. Attributes are put into the
  /// order of the op's table; a layer of -1 is taken from `at`. Node ids stay as they are.
  void replace(NodeId at, Node node);

  /// Removes the results of a node from the graph; the node goes with the next finish(). Needed
  /// only where another node now makes them (a node whose results nobody reads goes by itself).
  void erase(NodeId id);

  /// A new value for a result. The name is `hint`, or `hint` with the first free number behind it.
  ValueId make_value(const std::string& hint, ValueType type, Shape shape);

  /// Removes erased nodes and those whose results nobody reads (inputs stay), renumbers the values
  /// in the order of definition, and verifies. Node and value ids of before are void afterwards.
  void finish();

 private:
  void remove_dead_nodes();
  void renumber_values();

  Graph& graph_;
};

}  // namespace fidelio
