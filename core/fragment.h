// The part of a graph that a rewrite replaced: found by comparing names, runnable as a graph of its
// own. So the nodes of one site can be evaluated again on given inputs, by kernels or without.
#pragma once

#include <string>
#include <vector>

#include "core/graph.h"

namespace fidelio {

struct Fragment {
  std::vector<NodeId> nodes;     ///< of the graph before the rewrite, in order
  std::vector<ValueId> inputs;   ///< what they read and do not make, in the order of definition
  std::vector<ValueId> outputs;  ///< what was asked for
};

/// The nodes of `before` that make `outputs` (names) from values which `after` still has. What the
/// fragment reads is what the model says it reads, not what a rewrite kept.
Fragment find_fragment(const Graph& before, const Graph& after,
                       const std::vector<std::string>& outputs);

/// The fragment with its inputs as inputs of a graph and its outputs as outputs.
Graph fragment_graph(const Graph& graph, const Fragment& fragment);

}  // namespace fidelio
