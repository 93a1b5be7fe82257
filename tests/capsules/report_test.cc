// Reports and the gate: what must be in them, in which order, and what the gate does not believe.
#include "capsules/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "capsules/gate.h"
#include "capsules/verdict.h"
#include "tests/capsules/example_record.h"

namespace fidelio::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

Record judged_example() {
  Record record = example_record();
  record.verdict = judge(record);
  return record;
}

TEST(TextReport, LeadsWithTheTableAndEndsWithTheVerdict) {
  const std::vector<std::string> lines = lines_of(text_report({example_record()}, false));
  EXPECT_THAT(lines[0],
              AllOf(StartsWith("model"), HasSubstr("base prompt"), HasSubstr("patched decode"),
                    HasSubstr("speedup"), HasSubstr("fidelity"), HasSubstr("peak memory")));
  EXPECT_THAT(lines[1], AllOf(StartsWith("tiny-moe"), HasSubstr("EXACT"), HasSubstr("x (")));
  EXPECT_THAT(lines.back(), StartsWith("VERDICT EXACT, decode improvement"));
}

TEST(TextReport, ShowsSitesCallsScratchAndRoofline) {
  EXPECT_THAT(text_report({example_record()}, false),
              AllOf(HasSubstr("gate_up_swiglu"), HasSubstr("1984"), HasSubstr("-25.0%"),
                    HasSubstr("memory roofline"), HasSubstr("distinct 4-grams")));
}

TEST(TextReport, HasColourOnlyWhenAsked) {
  EXPECT_THAT(text_report({example_record()}, true), HasSubstr("\033[32mVERDICT"));
  EXPECT_THAT(text_report({example_record()}, false), Not(HasSubstr("\033")));
}

TEST(TextReport, RecomputesTheVerdict) {
  Record record = judged_example();
  record.generations[0].patched.ids[0] += 1;
  EXPECT_THAT(text_report({record}, false), HasSubstr("VERDICT BROKEN"));
}

TEST(MarkdownReport, LeadsWithTheTableAndEscapesNames) {
  Record record = example_record();
  record.model.id = "a|b";
  const std::vector<std::string> lines = lines_of(markdown_report({record}));
  EXPECT_THAT(lines[0], StartsWith("| model | base prompt tok/s |"));
  EXPECT_THAT(lines[2], StartsWith("| a\\|b |"));
  EXPECT_THAT(lines.back(), StartsWith("**VERDICT EXACT"));
}

TEST(CsvReport, HasALineForEveryRunAndQuotesFields) {
  Record record = example_record();
  record.model.id = "a,\"b\"";
  const std::vector<std::string> lines = lines_of(csv_report({record}));
  EXPECT_EQ(lines.size(), record.runs.size() + 1);
  EXPECT_THAT(lines[1], StartsWith("\"a,\"\"b\"\"\","));
  const auto commas = [](const std::string& line) {
    return std::count(line.begin(), line.end(), ',');
  };
  EXPECT_EQ(commas(lines[1]), commas(lines[0]) + 1);  // the one inside the quotes
}

TEST(Gate, PassesAnHonestCapsule) {
  const GateResult result = gate("c.json", judged_example());
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.disagreement, "");
}

TEST(Gate, FailsBrokenEvidenceUnderAForgedPass) {
  Record record = judged_example();
  record.comparisons[0].differing_positions = 1;
  const GateResult result = gate("c.json", record);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.disagreement, HasSubstr("recomputed BROKEN"));
}

TEST(Gate, FailsACapsuleWhoseOwnVerdictIsAnother) {
  Record record = judged_example();
  record.verdict.decode = "regression";
  EXPECT_EQ(gate("c.json", record).exit_code, 1);
  EXPECT_THAT(gate_text({gate("c.json", record)}),
              AllOf(HasSubstr("c.json: FAIL"), HasSubstr("GATE FAILED")));
}

TEST(Gate, ExitsByTheWorstCapsule) {
  Record vacuous = judged_example();
  vacuous.patches[0].calls = 0;
  vacuous.verdict = judge(vacuous);
  const std::vector<GateResult> results = {gate("good.json", judged_example()),
                                           gate("empty.json", vacuous)};
  EXPECT_EQ(combined_exit_code(results), 5);
  EXPECT_THAT(gate_text(results),
              AllOf(HasSubstr("good.json: pass"), HasSubstr("empty.json: FAIL")));
}

}  // namespace
}  // namespace fidelio::testing
