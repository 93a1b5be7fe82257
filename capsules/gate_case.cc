#include "capsules/gate_case.h"

#include <fmt/format.h>

#include "capsules/exit_code.h"
#include "capsules/gate_checks.h"
#include "capsules/report_figures.h"

namespace fidelio {
namespace {

/// "VERDICT EXACT, ...: ... Exit code 0."; of all capsules together the code alone.
std::string outcome_sentence(const GateResult& result) {
  const std::string code = fmt::format("Exit code {}.", result.exit_code);
  if (result.recomputed.fidelity.empty()) return code;
  return verdict_line(result.recomputed) + " " + code;
}

}  // namespace

std::vector<GateCheck> gate_cases(const GateResult& result) {
  std::vector<GateCheck> cases = result.checks;
  cases.push_back(
      {kAllPatches, "gate", result.exit_code == kPass ? "pass" : "fail", outcome_sentence(result)});
  return cases;
}

}  // namespace fidelio
