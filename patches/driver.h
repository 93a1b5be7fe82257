// Applies patches to a graph and says what happened at every site. Run when a plan is made for a
// step width, never inside a kernel. What a patch looks for is in its own file.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "patches/patch.h"

namespace fidelio {

/// One place where a patch matched.
struct SiteReport {
  std::string patch;
  std::string site;   ///< the result's name without '%'; the same in the unpatched graph
  Op op = Op::input;  ///< what made that result before
  int layer = -1;     ///< -1 outside the layers
  bool applied = false;
  std::optional<Refusal> refusal;  ///< exactly where not applied
  /// Of the fused node where applied: the values at which both arms can be captured and compared.
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
};

struct PatchReport {
  std::string patch;
  Numerics numerics = Numerics::bit_exact;
  int applied = 0;
  int refused = 0;
  std::vector<SiteReport> sites;  ///< in the order of the graph
};

/// Rewrites every admitted site of `patch`, removes dead nodes, verifies. Throws GraphError when a
/// rewrite leaves a graph that does not verify: a defect of the patch.
PatchReport apply(const Patch& patch, Graph& graph, const PatchEnv& env);

/// One patch after the other, in the order given; one report each.
std::vector<PatchReport> apply_all(std::span<const Patch* const> patches, Graph& graph,
                                   const PatchEnv& env);

/// "layer 3 %l3.swiglu: refused, n_tokens_above_guard: 33 tokens, guard admits 1 to 32"
std::string site_text(const SiteReport& site);

}  // namespace fidelio
