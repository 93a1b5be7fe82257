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

/// Runs of pairs that have a rate, not the warm-ups, as they were measured.
std::vector<const RunRecord*> timed_runs(const Record& record, Phase phase);

/// What a gate's policy may set otherwise.
struct TimingRules {
  double decode_margin = kDecodeMargin;  ///< shares: 0.02 is 2%
  double prefill_margin = kPrefillMargin;
  bool confirm = false;  ///< as if options.confirm were set
};

struct PhaseTiming {
  double baseline_tok_s = 0;  ///< medians over the measured pairs
  double patched_tok_s = 0;
  std::int64_t pairs = 0;  ///< measured; those of a confirmation are apart
  double margin =
      0;  ///< in ln ratio: the phase's own, or the host's noise floor where that is larger
  double level = kLevelOfOneLook;  ///< what the interval may miss
  ShiftEstimate shift;             ///< of ln(patched tok/s / baseline tok/s)
  std::string outcome;             ///< improvement, neutral, regression, inconclusive
  std::string measured;            ///< the same by the measured pairs alone
  std::int64_t confirming_pairs = 0;
  ShiftEstimate confirming_shift;
  std::string sentence;
};

/// The rule: regression where the interval lies below 0 and the estimate at or below -margin;
/// improvement: its mirror; neutral: interval inside the margins; else inconclusive. Too few pairs
/// for an interval (below six) give no verdict. Prefill is neutral only where none of its steps ran
/// a patched plan: neutral says that the guard keeps the patches away from it. With options.looks
/// of 2 the interval is that of kLevelOfTwoLooks, after `runs` pairs and after twice as many.
/// Pairs of launches with purpose "confirm" are judged apart, at kLevelOfOneLook; where a
/// confirmation is asked for (by options.confirm or the rules), a regression that they do not
/// repeat is inconclusive.
PhaseTiming judge_timing(const Record& record, Phase phase, const TimingRules& rules = {});

/// The interval, if there is one, lies inside the margins; what is "measured" may still be
/// inconclusive, in a prefill that ran patched plans.
bool is_inside_margins(const PhaseTiming& timing);

/// The run belongs to a launch that only gives a second opinion.
bool is_confirming(const Record& record, const RunRecord& run);

/// ln(patched tok/s / baseline tok/s) of each measured pair, by pair and prompt.
std::vector<double> log_ratios(const Record& record, Phase phase);

/// Of a margin as a share of the speed (0.02), in ln ratio; the host's noise floor where larger.
double margin_in_ln(const Record& record, Phase phase, const TimingRules& rules = {});

/// "decode" or "prefill".
const char* phase_name(Phase phase);

/// "1.081x (1.062 to 1.103)"; the ratio alone without an interval; "-" without pairs.
std::string speedup_text(const PhaseTiming& timing);

/// The same of any shift in ln ratio.
std::string speedup_text(const ShiftEstimate& shift);

}  // namespace fidelio
