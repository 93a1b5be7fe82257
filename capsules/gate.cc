#include "capsules/gate.h"

#include <fmt/format.h>

#include "capsules/checksums.h"
#include "capsules/exit_code.h"
#include "capsules/printable.h"
#include "capsules/report_figures.h"
#include "capsules/verdict.h"

namespace fidelio {
namespace {

template <class T>
std::string difference(const char* what, const T& stored, const T& recomputed) {
  if (stored == recomputed) return "";
  return fmt::format("stored {} is {}, recomputed {}", what, stored, recomputed);
}

/// The rules by name and outcome. Sentences are for people: another library may round their figures
/// otherwise. A rule that was not applied says nothing, so that a version with more verdicts agrees
/// with an older capsule of the same one.
std::string outcomes(const VerdictRecord& verdict) {
  std::string text;
  for (const RuleRecord& rule : verdict.rules)
    if (rule.outcome != "not applicable")
      text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", rule.name, rule.outcome);
  return text;
}

/// The first figure in which the stored verdict is another one than the recomputed; empty for none.
std::string disagreement_of(const VerdictRecord& stored, const VerdictRecord& recomputed) {
  for (std::string text : {difference("fidelity", stored.fidelity, recomputed.fidelity),
                           difference("decode timing", stored.decode, recomputed.decode),
                           difference("prefill timing", stored.prefill, recomputed.prefill),
                           difference("exit code", stored.exit_code, recomputed.exit_code),
                           difference("list of rules", outcomes(stored), outcomes(recomputed))})
    if (!text.empty()) return text;
  return "";
}

}  // namespace

GateResult gate(const std::string& name, const Record& record) {
  GateResult out;
  out.name = name;
  out.model = record.model.id;
  out.recomputed = judge(record);
  out.disagreement = disagreement_of(record.verdict, out.recomputed);
  out.mismatch = checksum_mismatch(record);
  const bool honest = out.disagreement.empty() && out.mismatch.empty();
  out.exit_code = combined_exit_code(
      std::vector<int>{static_cast<int>(out.recomputed.exit_code), honest ? kPass : kFidelity});
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
    text += fmt::format("{}: {} {}\n", printable(result.name),
                        result.exit_code == kPass ? "pass" : "FAIL",
                        printable(verdict_line(result.recomputed)));
    if (!result.disagreement.empty())
      text += fmt::format(
          "  the capsule's own verdict disagrees, so it was edited or has other rules: {}\n",
          printable(result.disagreement));
    if (!result.mismatch.empty())
      text += fmt::format("  a checksum does not fit, so it was edited or damaged: {}\n",
                          printable(result.mismatch));
  }
  const int code = combined_exit_code(results);
  return text + fmt::format("GATE {} (exit code {})\n", code == kPass ? "passed" : "FAILED", code);
}

}  // namespace fidelio
