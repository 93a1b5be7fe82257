// What the patches that round the activations of expert projections share: they differ in the op
// they write and in the rounding they declare.
#pragma once

#include <optional>

#include "patches/patch.h"

namespace fidelio {

/// True for gather_matmul on rounded activations, whatever the rounding.
bool is_rounded_projection(Op op);

/// The refusal of a projection whose input is rounded already.
Decision refuse_already_rounded(const Graph& graph, const Node& projection);

// find, guard and rewrite of a patch that writes `rounded`.
std::optional<Match> find_projection(const Graph& graph, NodeId root, Op rounded);
Decision guard_projection(const Graph& graph, const Match& match, const PatchEnv& env);
void round_projection(GraphEditor& editor, const Match& match, Op rounded);

}  // namespace fidelio
