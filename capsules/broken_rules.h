// What breaks a record, in the order of the design: faults, sites, route flips, tokens, bits, and
// changes without a cause. Internal to capsules/.
#pragma once

#include "capsules/fidelity_index.h"
#include "capsules/finding.h"

namespace fidelio {

/// The first that applies: a fault; a differing bit at a site that must be bit_exact; a failed site
/// test; a route flip that is no tie; a changed best token of a routed comparison that is no tie;
/// any differing bit, id or stop where every applied patch claims bit_exact; a change that nothing
/// in the record explains. Those that need evidence which is not there do not apply.
Finding find_broken(const FidelityIndex& index);

}  // namespace fidelio
