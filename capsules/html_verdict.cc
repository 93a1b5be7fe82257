// The verdict as the first thing on a page: the word, the sentence, both phases, the exit code.
#include <fmt/format.h>

#include "capsules/exit_code.h"
#include "capsules/html_sections.h"

namespace fidelio {
namespace {

const char* meaning_of(std::int64_t exit_code) {
  switch (exit_code) {
    case kPass:
      return "pass";
    case kFidelity:
      return "fidelity: a kernel with this result must not be merged";
    case kUsage:
      return "usage or bad input";
    case kRegression:
      return "performance regression";
    case kInconclusive:
      return "inconclusive: the evidence does not decide";
    case kVacuous:
      return "vacuous: a patch that was asked for did nothing";
    case kInterrupted:
      return "interrupted";
    default:
      return "unknown";
  }
}

const char* style_of(std::int64_t exit_code) {
  if (exit_code == kPass) return "verdict pass";
  return exit_code == kInconclusive || exit_code == kInterrupted ? "verdict open" : "verdict fail";
}

Markup phase_line(const char* name, const PhaseTiming& timing) {
  Markup line = element("strong", {}, fmt::format("{} {}", name, timing.outcome));
  line += escaped(fmt::format(": {}", speedup_text(timing)));
  return element("p", {}, line);
}

Markup rules_table(const VerdictRecord& verdict) {
  Cells table = {{"rule", "outcome", "figures"}};
  for (const RuleRecord& rule : verdict.rules)
    table.push_back({rule.name, rule.outcome, rule.sentence});
  return details_block("How it was decided, rule by rule", table_block(table, "Rules", true));
}

}  // namespace

Markup verdict_block(const VerdictRecord& verdict, const PhaseTiming& decode,
                     const PhaseTiming& prefill) {
  Markup content = element("p", {{"class", "word"}}, verdict.fidelity);
  content += element("p", {{"class", "sentence"}}, clipped(verdict.sentence + ".", kMaxHtmlText));
  content += phase_line("Decode", decode);
  content += phase_line("Prefill", prefill);
  content +=
      element("p", {{"class", "code"}},
              fmt::format("Exit code {}: {}", verdict.exit_code, meaning_of(verdict.exit_code)));
  content += rules_table(verdict);
  return element("section",
                 {{"class", style_of(verdict.exit_code)},
                  {"aria-label", "Verdict"},
                  {"data-fidelity", verdict.fidelity},
                  {"data-decode", verdict.decode},
                  {"data-prefill", verdict.prefill},
                  {"data-exit-code", std::to_string(verdict.exit_code)}},
                 content);
}

}  // namespace fidelio
