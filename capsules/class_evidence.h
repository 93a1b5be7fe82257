// The evidence that a patch owes which may round otherwise than the baseline: without it nobody can
// tell rounding from a defect. What every record owes is capsules/completeness.h.
// Internal to capsules/.
#pragma once

#include <string>

#include "capsules/fidelity_index.h"

namespace fidelio {

/// The first thing missing, in words; empty where nothing is, and for a bit_exact run, whose
/// evidence is its bits. Looked for where any bit differs: sampled rows at the sites of each
/// applied patch of another class; a routed comparison beside each free one that differs, as long
/// and with its checksums; the widest margin of the best tokens that change in a routed one, and
/// sigma; the figures of each route flip, and its layer's noise.
std::string missing_class_evidence(const FidelityIndex& index);

}  // namespace fidelio
