// The gate's checks of speed, where speed decides. Internal to capsules/.
#pragma once

#include <vector>

#include "capsules/gate_checks.h"
#include "capsules/timing.h"

namespace fidelio {

/// Both phases of a capsule by the policy's rules.
struct GateSpeed {
  bool decides = false;  ///< by the policy, or as the capsule asks
  PhaseTiming decode;
  PhaseTiming prefill;
  double p_decode = 1;  ///< of "not slower", two-sided, as if looked at once
  double p_prefill = 1;
};

GateSpeed judge_speed(const Record& record, const GatePolicy& policy);

/// The p values of all phases that decide, adjusted for each other, into each of `speeds`.
void adjust_for_each_other(std::vector<GateSpeed>& speeds);

/// "decode", "prefill", and what the policy demands of the measurement: "min_pairs", "looks",
/// "max_noise_floor".
void check_speed(const Record& record, const GateSpeed& speed, const GatePolicy& policy,
                 GateCheckList& checks);

}  // namespace fidelio
