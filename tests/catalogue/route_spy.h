// Which experts each arm chose, and from which router logits, seen from inside the kernels: a count
// of route flips that owes nothing to the validator whose own count it is held against. Notes are
// those of free routing: one flip changes what later layers and tokens see.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "kernels/table.h"

namespace fidelio::catalogue {

struct Choice {
  std::vector<float> logits;
  std::set<std::int32_t> experts;
};

/// Tokens of the step, position, layer (counted among those with a router).
using ChoiceAt = std::tuple<std::int64_t, std::int64_t, std::int64_t>;

enum class SpiedArm : std::uint8_t { baseline, patched };

/// `table` with spying embedding, softmax, top_k and router_topk; one thread only. `table` must
/// take notes (step_notes.h), and be the same at every call for the same arm while spying.
KernelTable with_spy(KernelTable table, SpiedArm arm);

void forget_choices();
const std::map<ChoiceAt, Choice>& choices(SpiedArm arm);

struct FlipCount {
  std::int64_t rows = 0;   ///< tokens and layers seen in both arms, prompt included
  std::int64_t flips = 0;  ///< with other experts
  // Of the first flip, which no earlier one has disturbed.
  double first_gap = 0;  ///< the baseline's logits: the exchanged experts apart
  /// Root mean square difference of router logits between the arms up to there, over rows that
  /// differ at all.
  double rms_before = 0;
};

FlipCount count_flips();

}  // namespace fidelio::catalogue
