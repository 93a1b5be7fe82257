#include "capsules/gate.h"

#include <fmt/format.h>

#include "capsules/exit_code.h"
#include "capsules/report_figures.h"
#include "capsules/verdict.h"

namespace fidelio {
namespace {

/// The first figure in which the stored verdict is another one than the recomputed; empty for none.
std::string disagreement_of(const VerdictRecord& stored, const VerdictRecord& recomputed) {
  const auto differs = [](const char* what, const auto& a, const auto& b) {
    return fmt::format("stored {} is {}, recomputed {}", what, a, b);
  };
  if (stored.fidelity != recomputed.fidelity)
    return differs("fidelity", stored.fidelity, recomputed.fidelity);
  if (stored.decode != recomputed.decode)
    return differs("decode timing", stored.decode, recomputed.decode);
  if (stored.prefill != recomputed.prefill)
    return differs("prefill timing", stored.prefill, recomputed.prefill);
  if (stored.exit_code != recomputed.exit_code)
    return differs("exit code", stored.exit_code, recomputed.exit_code);
  return "";
}

}  // namespace

GateResult gate(const std::string& name, const Record& record) {
  GateResult out;
  out.name = name;
  out.recomputed = judge(record);
  out.disagreement = disagreement_of(record.verdict, out.recomputed);
  out.exit_code = static_cast<int>(out.recomputed.exit_code);
  if (out.exit_code == kPass && !out.disagreement.empty()) out.exit_code = kFidelity;
  return out;
}

int combined_exit_code(const std::vector<GateResult>& results) {
  std::vector<int> codes;
  for (const GateResult& result : results) codes.push_back(result.exit_code);
  return combined_exit_code(std::span<const int>(codes));
}

std::string gate_text(const std::vector<GateResult>& results) {
  std::string text;
  for (const GateResult& result : results) {
    text += fmt::format("{}: {} {}\n", result.name, result.exit_code == kPass ? "pass" : "FAIL",
                        verdict_line(result.recomputed));
    if (!result.disagreement.empty())
      text += fmt::format("  the capsule's own verdict disagrees: {}\n", result.disagreement);
  }
  const int code = combined_exit_code(results);
  return text + fmt::format("GATE {} (exit code {})\n", code == kPass ? "passed" : "FAILED", code);
}

}  // namespace fidelio
