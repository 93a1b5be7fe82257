// The timed pairs one by one, for those who draw or list them. What they amount to is timing.h's.
// Internal to capsules/.
#pragma once

#include <vector>

#include "capsules/timing.h"

namespace fidelio {

/// A pair of which both arms were timed.
struct PairPoint {
  const RunRecord* baseline = nullptr;
  const RunRecord* patched = nullptr;
  double ratio = 0;      ///< patched tok/s / baseline tok/s
  bool confirm = false;  ///< of a launch that looks at a regression again
};

/// In the order in which they were finished. The record must outlive them.
std::vector<PairPoint> pair_points(const Record& record, Phase phase);

}  // namespace fidelio
