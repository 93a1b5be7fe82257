// What may explain that timings spread: the runs farthest from their arm's median with what the
// system said about them, and how noisy this host is with no difference at all. Pure functions of a
// record; nothing here judges.
#pragma once

#include <string>
#include <vector>

#include "capsules/record.h"
#include "capsules/timing.h"

namespace fidelio {

/// A line a run, at most three, those farthest from the median of their arm and prompt first:
/// "decode: pair 4 patched, 23.1% slower than its arm's median; 41 ticks stolen (0), ..." with the
/// medians of all timed runs in brackets. Empty where the phase is decided by an interval no wider
/// than its margin, and where nothing was timed.
std::vector<std::string> spread_lines(const Record& record, Phase phase, const PhaseTiming& timing);

/// "noise floor 1.2% decode, 0.9% prefill from 20 series of 15 pairs of kjv-moe-8m, 2026-01-02";
/// empty without one.
std::string noise_floor_text(const Record& record);

}  // namespace fidelio
