// The gate's results for people, as text.
#include <fmt/format.h>

#include "capsules/exit_code.h"
#include "capsules/gate.h"
#include "capsules/printable.h"
#include "capsules/report_figures.h"

namespace fidelio {
namespace {

/// What a sentence that names only a difference is about.
const char* lead_of(const GateCheck& check) {
  if (check.name == "stored_verdict")
    return "the capsule's own verdict disagrees, so it was edited or has other rules: ";
  if (check.name == "checksums") return "a checksum does not fit, so it was edited or damaged: ";
  return "";
}

/// What the line of the capsule does not say: checks that failed or could not be decided.
std::string check_lines(const GateResult& result) {
  std::string text;
  for (const GateCheck& check : result.checks) {
    if (check.outcome == "pass" || check.outcome == "skipped") continue;
    text += fmt::format("  {}, {}: {}: {}{}\n", printable(check.patch), check.name, check.outcome,
                        lead_of(check), printable(check.sentence));
  }
  return text;
}

}  // namespace

std::string gate_text(const std::vector<GateResult>& results) {
  std::string text;
  for (const GateResult& result : results) {
    text +=
        fmt::format("{}: {}", printable(result.name), result.exit_code == kPass ? "pass" : "FAIL");
    if (!result.recomputed.fidelity.empty())
      text += " " + printable(verdict_line(result.recomputed));
    text += "\n" + check_lines(result);
  }
  const int code = combined_exit_code(results);
  return text + fmt::format("GATE {} (exit code {})\n", code == kPass ? "passed" : "FAILED", code);
}

}  // namespace fidelio
