// Both arms fed the same tokens in steps of one width, the baseline first, in checked mode. What is
// watched and what is compared belongs to the passes that use it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "capsules/record.h"
#include "validate/arm.h"

namespace fidelio {

struct LockstepInput {
  std::int64_t prompt_index = 0;
  std::span<const std::int32_t> prompt;
  std::span<const std::int32_t> ids;  ///< the baseline's; one row of logits is compared for each
  std::int64_t width = 1;
  std::int64_t prefill_chunk = 0;
  /// Prompt tokens beside the last that are fed in steps of `width` too, and compared.
  std::size_t more_rows = 0;

  /// Index in prompt and ids of the first compared row's token.
  std::size_t first_position() const { return prompt.size() - 1 - more_rows; }
  /// Rows of logits.
  std::size_t n_rows() const { return more_rows + ids.size(); }
};

/// The logits of one step: row r follows the token at `first_position` + r.
struct StepLogits {
  std::span<const float> baseline;
  std::span<const float> patched;
  std::size_t rows = 0;
  std::size_t first_position = 0;

  std::span<const float> baseline_row(std::size_t r) const { return row(baseline, r); }
  std::span<const float> patched_row(std::size_t r) const { return row(patched, r); }

 private:
  std::span<const float> row(std::span<const float> all, std::size_t r) const {
    return all.subspan(r * (all.size() / rows), all.size() / rows);
  }
};

/// Who watches a step of n_tokens beginning at a position; either may be nullptr.
struct Watchers {
  NodeObserver* baseline = nullptr;
  NodeObserver* patched = nullptr;
};
using WatchStep = std::function<Watchers(std::size_t n_tokens, std::size_t first_position)>;

/// Feeds the prompt but for its last rows in prefill chunks, then those and all ids but the last in
/// steps of the width; at one token a step the whole prompt in prefill chunks, as a run does.
/// `watch` is asked before every step, `compare` called after every step with logits; faults of
/// both arms are appended, kMaxFaults in all. Throws Interrupted between steps.
void run_lockstep(Arm& baseline, Arm& patched, const LockstepInput& input, const WatchStep& watch,
                  const std::function<void(const StepLogits&)>& compare,
                  std::vector<FaultRecord>* faults);

inline constexpr std::size_t kMaxFaults = 32;

/// Tokens of a watched prefill step that no patch touches, at most: the watchers keep its values.
inline constexpr std::size_t kWatchedTokens = 64;

}  // namespace fidelio
