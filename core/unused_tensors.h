// Tensors that a checkpoint has and a graph does not read: the graph is then not the model. What
// the graph does read is core/model_weights.h.
#pragma once

#include <string>
#include <vector>

#include "core/checkpoint.h"
#include "core/graph.h"

namespace fidelio {

/// The names of tensors that no parameter of `graph` reads, sorted, without those that are known to
/// be harmless (the table in unused_tensors.cc).
std::vector<std::string> unused_tensors(const Checkpoint& checkpoint, const Graph& graph);

/// Throws UserError naming the first few and their number when there is one.
void refuse_unused_tensors(const Checkpoint& checkpoint, const Graph& graph);

}  // namespace fidelio
