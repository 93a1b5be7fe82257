#include "capsules/step_summary.h"

#include <fmt/format.h>

#include "capsules/exit_code.h"
#include "capsules/gate_case.h"
#include "capsules/markdown.h"
#include "capsules/report.h"

namespace fidelio {
namespace {

constexpr std::string_view kHeading = "\n### ";
constexpr std::string_view kCutNote =
    "\n\nCut here: the summary page takes no more. The capsules hold everything.\n";

Cells cases_table(const std::vector<GateResult>& results) {
  Cells table = {{"capsule", "model", "patch", "check", "outcome", "why"}};
  for (const GateResult& result : results)
    for (const GateCheck& check : gate_cases(result))
      table.push_back(
          {result.name, result.model, check.patch, check.name, check.outcome, check.sentence});
  return table;
}

/// Between two sections where one ends in time, else between two lines, else nothing is left.
std::string cut(std::string text, std::size_t limit) {
  if (text.size() <= limit) return text;
  if (limit < kCutNote.size()) return "";
  const std::size_t room = limit - kCutNote.size();
  std::size_t end = text.rfind(kHeading, room);
  if (end == std::string::npos || end == 0) end = text.rfind('\n', room);
  text.resize(end == std::string::npos ? 0 : end);
  return text.append(kCutNote);
}

}  // namespace

std::string step_summary(const std::vector<GateResult>& results, const std::vector<Record>& records,
                         std::size_t limit) {
  const int code = combined_exit_code(results);
  const std::string head = fmt::format("## Fidelio: gate {} (exit code {})\n\n",
                                       code == kPass ? "passed" : "FAILED", code);
  return cut(
      head + markdown_table(cases_table(results)) + "\n### Report\n\n" + markdown_report(records),
      limit);
}

}  // namespace fidelio
