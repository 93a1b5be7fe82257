// Tensors that a checkpoint has and a graph's parameters were not read from: the graph is then not
// the model. What was read is core/model_weights.h.
#pragma once

#include <string>
#include <vector>

#include "core/checkpoint.h"
#include "core/model_weights.h"

namespace fidelio {

/// The names of tensors that no parameter of `weights` was read from, sorted, without those that
/// are known to be harmless (the table in unused_tensors.cc).
std::vector<std::string> unused_tensors(const Checkpoint& checkpoint, const ModelWeights& weights);

/// Throws UserError naming the first few and their number when there is one.
void refuse_unused_tensors(const Checkpoint& checkpoint, const ModelWeights& weights);

}  // namespace fidelio
