#include "capsules/exit_code.h"

#include <algorithm>

#include "capsules/budget_rules.h"

namespace fidelio {

bool may_pass(const std::string& fidelity) {
  return fidelity == "EXACT" || fidelity == "TOKEN_EXACT" || fidelity == "TIE_FLIP" ||
         fidelity == "APPROXIMATE";
}

int exit_code_of(const Record& record, const VerdictRecord& verdict) {
  if (!record.complete && record.interruption == "SIGINT") return kInterrupted;
  if (verdict.fidelity == "BROKEN" || verdict.fidelity == "NONDETERMINISTIC") return kFidelity;
  if (verdict.fidelity == "APPROXIMATE" && !find_within_budget(record).holds) return kFidelity;
  if (verdict.fidelity == "VACUOUS") return kVacuous;
  const bool timed = record.options.require_timing;
  if (timed && (verdict.decode == "regression" || verdict.prefill == "regression"))
    return kRegression;
  if (!may_pass(verdict.fidelity)) return kInconclusive;
  if (timed && (verdict.decode == "inconclusive" || verdict.prefill == "inconclusive"))
    return kInconclusive;
  return kPass;
}

int combined_exit_code(std::span<const int> codes) {
  for (const int code : {int{kUsage}, int{kInterrupted}, int{kFidelity}, int{kVacuous},
                         int{kRegression}, int{kInconclusive}}) {
    if (std::find(codes.begin(), codes.end(), code) != codes.end()) return code;
  }
  return kPass;
}

}  // namespace fidelio
