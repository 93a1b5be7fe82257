// How much of the memory's probed read bandwidth each run used. Internal to capsules/.
#pragma once

#include <vector>

#include "capsules/record.h"

namespace fidelio {

struct RooflineRun {
  const RunRecord* run = nullptr;
  double bytes_per_second = 0;  ///< that decoding read
  double share = 0;             ///< of the bandwidth probed after its pair
};

/// The arm's timed runs in their order, each against the first probe after it, else the last before
/// it; none where nothing was probed. The record must outlive them.
std::vector<RooflineRun> roofline_runs(const Record& record, const char* arm);

/// The weights fit into the last cache, so that memory is no bound.
bool fits_into_cache(const Record& record);

}  // namespace fidelio
