#include "capsules/gate_case.h"

#include <fmt/format.h>

#include "capsules/exit_code.h"
#include "capsules/report_figures.h"

namespace fidelio {
namespace {

constexpr const char* kAllPatches = "all patches";

GateCheck agreement(const char* name, const std::string& complaint, const char* otherwise) {
  if (complaint.empty()) return {kAllPatches, name, "pass", otherwise};
  return {kAllPatches, name, "fail", complaint};
}

}  // namespace

std::vector<GateCheck> gate_cases(const GateResult& result) {
  std::vector<GateCheck> cases = result.checks;
  cases.push_back(
      agreement("stored verdict", result.disagreement, "the recomputed verdict is the stored one"));
  cases.push_back(
      agreement("checksums", result.mismatch, "every checksum fits what it stands for"));
  cases.push_back(
      {kAllPatches, "verdict", result.exit_code == kPass ? "pass" : "fail",
       fmt::format("{} Exit code {}.", verdict_line(result.recomputed), result.exit_code)});
  return cases;
}

}  // namespace fidelio
