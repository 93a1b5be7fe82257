// The cases that a gate's reports list: its checks and their sum, so that a report is red exactly
// where the exit code is. How they look belongs to the reports. Internal to capsules/.
#pragma once

#include <vector>

#include "capsules/gate.h"

namespace fidelio {

/// The checks of a result, then "gate" of "all patches", which fails where the exit code is not 0.
std::vector<GateCheck> gate_cases(const GateResult& result);

}  // namespace fidelio
