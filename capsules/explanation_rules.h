// Whether the changed tokens of a record have a cause in it. Arms that choose the same experts and
// see the same tokens compute the same: a change that appears only where nobody looked closely is a
// defect, not rounding. Internal to capsules/.
#pragma once

#include "capsules/fidelity_index.h"
#include "capsules/finding.h"

namespace fidelio {

/// A changed best token of a free comparison without a change or a route flip in the routed one;
/// ids of a free run that differ without a change in steps of one token up to there; another stop
/// or other ids of the timed runs without either. A routed comparison that is not there is left to
/// missing_class_evidence.
Finding find_unexplained_change(const FidelityIndex& index);

}  // namespace fidelio
