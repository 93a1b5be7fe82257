// The verdict: a pure function of a record. The stored verdict is never read; gates and reports
// compute it again. What each rule looks for is in capsules/*_rules.h.
#pragma once

#include "capsules/record.h"

namespace fidelio {

/// Fidelity, first that applies: BROKEN, NONDETERMINISTIC, INCOMPLETE (cut short), VACUOUS,
/// INCOMPLETE (claimed complete, but evidence is missing), EXACT, TOKEN_EXACT, TIE_FLIP,
/// APPROXIMATE; one of them always does. Timing by capsules/timing.h. Every rule is there with its
/// outcome ("holds", "does not hold", "not applicable") and its figures.
VerdictRecord judge(const Record& record);

}  // namespace fidelio
