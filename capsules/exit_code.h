// What the process says to a machine. The order in which codes apply is part of their meaning.
#pragma once

#include <span>
#include <string>

#include "capsules/record.h"

namespace fidelio {

enum ExitCode : int {
  kPass = 0,
  kFidelity = 1,    ///< BROKEN, NONDETERMINISTIC, APPROXIMATE outside its budget, a forged capsule
  kUsage = 2,       ///< bad flag or bad input
  kRegression = 3,  ///< slower, where timing is required
  /// INCOMPLETE; undecided timing, an unconfirmed regression too, where timing is required;
  /// evidence that is none of what a gate's policy demands
  kInconclusive = 4,
  kVacuous = 5,
  kInterrupted = 130,
};

/// The verdicts of which a validation may pass: EXACT, TOKEN_EXACT, TIE_FLIP, APPROXIMATE.
bool may_pass(const std::string& fidelity);

/// The code of a judged record: first that applies in the order 130, 1, 5, 3, 4, 0.
int exit_code_of(const Record& record, const VerdictRecord& verdict);

/// The first of `codes` that applies in the order 2, 130, 1, 5, 3, 4, 0.
int combined_exit_code(std::span<const int> codes);

}  // namespace fidelio
