// The verdict: pure functions of a record. The stored verdict is never read; gates and reports
// compute it again.
#pragma once

#include "capsules/record.h"

namespace fidelio {

/// Fidelity, first that applies: BROKEN, NONDETERMINISTIC, VACUOUS, EXACT, UNJUDGED; INCOMPLETE
/// instead of EXACT where the run was cut short. Timing by capsules/timing.h. Every rule is there
/// with its outcome and figures.
VerdictRecord judge(const Record& record);

/// "1000 tokens compared", "stopped at EOS after 430 of 1000 tokens"; one clause a prompt where
/// they differ.
std::string tokens_compared_text(const Record& record);

}  // namespace fidelio
