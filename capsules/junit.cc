#include "capsules/junit.h"

#include <fmt/format.h>

#include <algorithm>

#include "capsules/gate_case.h"
#include "capsules/markup.h"

namespace fidelio {
namespace {

struct Counts {
  std::size_t tests = 0;
  std::size_t failures = 0;
  std::size_t skipped = 0;
};

bool is_failure(const GateCheck& check) {
  return check.outcome != "pass" && check.outcome != "inconclusive" && check.outcome != "skipped";
}

Counts counts_of(const std::vector<GateCheck>& cases) {
  Counts out;
  out.tests = cases.size();
  for (const GateCheck& check : cases) {
    out.failures += is_failure(check) ? 1 : 0;
    out.skipped += !is_failure(check) && check.outcome != "pass" ? 1 : 0;
  }
  return out;
}

Markup outcome_of(const GateCheck& check) {
  if (check.outcome == "pass") return element("system-out", {}, check.sentence);
  if (is_failure(check))
    return element("failure", {{"type", check.name}, {"message", check.sentence}}, check.sentence);
  return leaf("skipped", {{"message", check.outcome + ": " + check.sentence}});
}

Markup suite_of(const GateResult& result, const std::vector<GateCheck>& cases) {
  const Counts counts = counts_of(cases);
  Markup content("\n");
  for (const GateCheck& check : cases) {
    content += Markup("    ");
    content +=
        element("testcase", {{"classname", check.patch}, {"name", check.name}, {"time", "0"}},
                outcome_of(check));
    content += Markup("\n");
  }
  content += Markup("  ");
  return element(
      "testsuite",
      {{"name",
        result.model.empty() ? result.name : fmt::format("{} ({})", result.model, result.name)},
       {"tests", std::to_string(counts.tests)},
       {"failures", std::to_string(counts.failures)},
       {"errors", "0"},
       {"skipped", std::to_string(counts.skipped)},
       {"time", "0"}},
      content);
}

}  // namespace

std::string junit_report(const std::vector<GateResult>& results) {
  Counts all;
  Markup suites("\n");
  for (const GateResult& result : results) {
    const std::vector<GateCheck> cases = gate_cases(result);
    const Counts counts = counts_of(cases);
    all.tests += counts.tests;
    all.failures += counts.failures;
    suites += Markup("  ");
    suites += suite_of(result, cases);
    suites += Markup("\n");
  }
  const Markup root = element("testsuites",
                              {{"name", "fidelio gate"},
                               {"tests", std::to_string(all.tests)},
                               {"failures", std::to_string(all.failures)},
                               {"errors", "0"}},
                              suites);
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + root.text() + "\n";
}

}  // namespace fidelio
