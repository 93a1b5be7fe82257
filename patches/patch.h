// What a patch is: one graph rewrite as find, guard and rewrite, with its numeric class. Applying
// patches is patches/driver.h; the list of them is patches/catalogue.h.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/graph.h"
#include "core/graph_editor.h"
#include "core/prefill_chunks.h"
#include "kernels/rounding.h"

namespace fidelio {

/// What a patch may do to the numbers.
enum class Numerics : std::uint8_t {
  bit_exact,     ///< the baseline's bits
  reassociated,  ///< the same function of real numbers, summed in another order
  approximate,   ///< rounds at points that it declares
};

std::string_view numerics_name(Numerics numerics);

/// The step widths that a fused kernel is meant for, both ends included.
struct GuardRange {
  std::int64_t min_n_tokens = 1;
  std::int64_t max_n_tokens = kGuardTokens;
};

/// What a guard sees beside the graph. A plan is made for one such environment.
struct PatchEnv {
  std::int64_t n_tokens = 1;              ///< M: tokens of the step
  std::string isa = "ref";                ///< KernelTable::target
  std::optional<GuardRange> guard_range;  ///< instead of every patch's own
  std::set<std::string> excluded_sites;   ///< left alone, by the name of their result
};

/// One place where the pattern stands.
struct Match {
  std::vector<NodeId> nodes;  ///< in the order that the patch's file names; kNoNode where absent
  ValueId result = 0;         ///< survives the rewrite; the site is named after it
};
inline constexpr NodeId kNoNode = -1;

/// Why a site was left alone. reason_id() gives the name that stands in reports and capsules.
enum class Reason : std::uint8_t {
  n_tokens_below_guard,
  n_tokens_above_guard,
  shared_intermediate,  ///< a value that would vanish is read elsewhere or returned
  different_inputs,     ///< gate_proj and up_proj read different rows
  different_ids,        ///< gate_proj and up_proj read different expert ids
  activation_not_silu,
  dense_projections,  ///< linear instead of gather_matmul
  not_gather_matmul,  ///< the combined rows come from another op
  no_softmax,         ///< top_k with a softmax neither before nor behind it
  biased_weights,     ///< a selection bias that the routing weights keep
  grouped_norm,       ///< rms_norm over groups of a row
  overlapping_site,   ///< a node already belongs to an applied site of this patch
  unsupported_shape,  ///< the fused kernel has no form for this shape
  excluded,           ///< left out by name
  already_rounded,    ///< a projection whose input another patch rounds
};

std::string_view reason_id(Reason reason);
/// Every reason, for documentation and tests.
std::span<const Reason> all_reasons();

struct Refusal {
  Reason reason = Reason::unsupported_shape;
  std::string detail;  ///< one sentence without its full stop, naming values
};

struct Decision {
  std::optional<Refusal> refusal;
  bool admitted() const { return !refusal.has_value(); }
};

Decision admit();
Decision refuse(Reason reason, std::string detail);

/// A value that a patch rounds, named as in its Pattern.
struct RoundingPoint {
  std::string_view value;
  Rounding rounding = Rounding::int8_per_32;
};

/// A patch is named after the fused op it writes (core/ops.h).
struct Patch {
  std::string_view name;
  Numerics numerics;
  /// Structure only: does the pattern, or a near miss worth a refusal, stand at `root`?
  std::optional<Match> (*find)(const Graph& graph, NodeId root);
  /// Cheapest check first. The step width is checked by the driver, before this.
  Decision (*guard)(const Graph& graph, const Match& match, const PatchEnv& env);
  /// The driver removes dead nodes and verifies.
  void (*rewrite)(GraphEditor& editor, const Match& match);
  GuardRange guard_range = {};
  /// What an approximate patch rounds where the baseline does not; empty for the other classes.
  std::span<const RoundingPoint> rounding = {};
};

/// "x: int8 per 32, scale amax/127, round to even", one for every point.
std::vector<std::string> rounding_texts(const Patch& patch);

/// For guards: admits when `reader` alone reads `value` and the graph does not return it; else
/// refuses with shared_intermediate.
Decision check_vanishes(const Graph& graph, ValueId value, NodeId reader);

/// "%x", for details.
std::string value_text(const Graph& graph, ValueId value);

}  // namespace fidelio
