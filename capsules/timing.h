// Speed of both arms from a record's pairs, and what may be said of it. Pure functions; nothing
// here measures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "capsules/record.h"
#include "capsules/statistics.h"

namespace fidelio {

inline constexpr double kDecodeMargin = 0.02;
inline constexpr double kPrefillMargin = 0.03;

enum class Phase : std::uint8_t { prefill, decode };

/// Tokens per second: prefill tokens / time to the first id; decode ids 2 ... n / their time. 0
/// where nothing was timed.
double tok_s(const RunRecord& run, Phase phase);

struct PhaseTiming {
  double baseline_tok_s = 0;  ///< medians over the pairs
  double patched_tok_s = 0;
  std::int64_t pairs = 0;
  double margin =
      0;  ///< in ln ratio: the phase's own, or the host's noise floor where that is larger
  ShiftEstimate shift;  ///< of ln(patched tok/s / baseline tok/s)
  std::string outcome;  ///< improvement, neutral, regression, inconclusive
  std::string sentence;
};

/// The rule: regression where the interval lies below 0 and the estimate at or below -margin;
/// improvement: its mirror; neutral: interval inside the margins; else inconclusive. Fewer than six
/// pairs give no interval and no verdict. Prefill is neutral only where none of its steps ran a
/// patched plan: neutral says that the guard keeps the patches away from it.
PhaseTiming judge_timing(const Record& record, Phase phase);

/// "1.081x (1.062 to 1.103)"; the ratio alone without an interval; "-" without pairs.
std::string speedup_text(const PhaseTiming& timing);

}  // namespace fidelio
