// What a node that chooses experts computes of its input, expert by expert: the scores that it
// chooses by and the weights that it gives.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/plan.h"

namespace fidelio {

/// The scores that top_k or router_topk selects by, of a row x of its input, in the same order as
/// its own: router logits, or where it has a selection bias, biased sigmoids.
std::vector<float> selection_scores(const PlanNode& node, const float* x);

/// The weights of given experts from a row of the node's input, as the node would compute them.
std::vector<double> weights_of(const PlanNode& node, const float* x,
                               std::span<const std::int32_t> experts);

}  // namespace fidelio
