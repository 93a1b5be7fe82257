// Reports and the gate: what must be in them, in which order, and what the gate does not believe.
#include "capsules/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "capsules/gate.h"
#include "capsules/verdict.h"
#include "tests/capsules/rounded_record.h"

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

TEST(TextReport, GivesTheMedianShareOfTheRooflineOverPairs) {
  Record record = example_record();
  record.decode_bytes_per_token = 7.5e6;
  for (BandwidthRecord& probe : record.bandwidth) probe.bytes_per_second = 20e9;
  for (RunRecord& run : record.runs) {
    run.decode_ns = run.decode_tokens * (run.arm == "baseline" ? 1'500'000 : 750'000);
    if (run.pair == 0) run.decode_ns *= 9;  // one disturbed pair changes no median
  }
  EXPECT_THAT(text_report({record}, false),
              AllOf(HasSubstr("baseline 5.0 GB/s (25%)"), HasSubstr("patched 10.0 GB/s (50%)")));
}

TEST(TextReport, HoldsEachRunToTheProbeAfterIt) {
  Record record = example_record();
  record.runs.resize(4);  // two warm-ups and a pair, orders 2 and 3
  for (RunRecord& run : record.runs) run.decode_ns = run.decode_tokens * 1'500'000;
  record.bandwidth = {{-1, 90e9}, {3, 20e9}, {4, 60e9}};
  EXPECT_THAT(text_report({record}, false),
              AllOf(HasSubstr("baseline 5.0 GB/s (25%)"), HasSubstr("patched 5.0 GB/s (25%)")));
  record.bandwidth = {{0, 90e9}, {1, 10e9}};  // none after it: the last before it
  EXPECT_THAT(text_report({record}, false), HasSubstr("baseline 5.0 GB/s (50%)"));
}

TEST(TextReport, ShowsTimesToTheFirstTokenAndOfLoading) {
  EXPECT_THAT(
      text_report({example_record()}, false),
      AllOf(HasSubstr("first token: baseline"), HasSubstr("model loaded in 41.0 ms (read)")));
}

TEST(TextReport, SaysWhereChecksumsDoNotFit) {
  EXPECT_THAT(text_report({example_record()}, false), Not(HasSubstr("edited or damaged")));
  Record record = example_record();
  record.prompts[0].ids[0] += 1;
  EXPECT_THAT(text_report({record}, false), HasSubstr("edited or damaged: $.prompts[0]"));
}

TEST(Reports, LetNoTextOfACapsuleActOnTheTerminal) {
  Record record = example_record();
  record.model.id = "m\x1b[2J\nVERDICT EXACT";
  record.created = "\x1b[31m\n";
  record.patches[0].name = "\x1b[8m";
  record.hardware.cpu_model =
      "\xC2\x9B"
      "0m";
  record.faults.push_back({"patched", "non_finite", 0, 1, 0, "\x1b]0;x\x07", "silu", 0, 1});
  for (const std::string& text : {text_report({record}, false), markdown_report({record}),
                                  csv_report({record}), gate_text({gate("\x1b.json", record)})}) {
    EXPECT_THAT(text, AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("\xC2\x9B"))));
    EXPECT_THAT(text, Not(HasSubstr("\nVERDICT EXACT")));
  }
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

TEST(CsvReport, QuotesATimeThatIsNone) {
  Record record = example_record();
  record.created = "then,\nnow";
  const std::vector<std::string> lines = lines_of(csv_report({record}));
  EXPECT_EQ(lines.size(), record.runs.size() + 1);
  EXPECT_THAT(lines[1], HasSubstr(",\"then,?now\","));
}

TEST(CsvReport, EndsLinesAsTheStandardSays) {
  const std::string text = csv_report({example_record()});
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), std::count(text.begin(), text.end(), '\r'));
  for (const std::string& line : lines_of(text)) EXPECT_EQ(line.back(), '\r');
}

TEST(CsvReport, LetsNoTextBeAFormula) {
  for (const char* id : {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1"}) {
    Record record = example_record();
    record.model.id = id;
    const char first = lines_of(csv_report({record}))[1][0];
    EXPECT_EQ(first, *id == '\t' ? '?' : '\'') << id;
  }
  Record record = example_record();
  record.model.id = "=1,\"2\"";
  EXPECT_THAT(lines_of(csv_report({record}))[1], StartsWith("\"'=1,\"\"2\"\"\","));
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

TEST(Gate, FailsAnIncompleteCapsuleThatClaimsToBeExact) {
  Record record = example_record();
  record.patches[0].numerics = "reassociated";
  record.comparisons[0].differing_positions = 1;
  record.verdict = judge(record);
  EXPECT_EQ(gate("c.json", record).exit_code, 4);
  record.verdict.fidelity = "EXACT";
  record.verdict.exit_code = 0;
  EXPECT_EQ(gate("c.json", record).exit_code, 1);
}

TEST(Gate, JudgesByTheClassOfThePatches) {
  for (const Record& record : {rounded_record(), tie_record(), approximate_record()}) {
    Record judged = record;
    judged.verdict = judge(judged);
    EXPECT_EQ(gate("c.json", judged).exit_code, 0) << judged.verdict.fidelity;
  }
  Record record = approximate_record();
  record.options.budget.reset();
  record.verdict = judge(record);
  EXPECT_EQ(gate("c.json", record).exit_code, 1);
  EXPECT_THAT(gate_text({gate("c.json", record)}),
              AllOf(HasSubstr("c.json: FAIL"), HasSubstr("--budget mean_kld=0.012")));
}

TEST(Gate, FailsATieWhoseFiguresWereEdited) {
  Record record = tie_record();
  record.verdict = judge(record);
  record.route_flips[0].gap = 0.5;
  EXPECT_EQ(gate("c.json", record).exit_code, 1);
  EXPECT_THAT(gate("c.json", record).disagreement, HasSubstr("recomputed BROKEN"));
}

TEST(Gate, AgreesWithAnOlderVersionThatHadFewerVerdicts) {
  Record record = judged_example();
  std::erase_if(record.verdict.rules, [](const RuleRecord& rule) {
    return rule.name == "TOKEN_EXACT" || rule.name == "TIE_FLIP" || rule.name == "APPROXIMATE";
  });
  record.verdict.rules.push_back({"UNJUDGED", "not applicable", "no bit differs"});
  EXPECT_EQ(gate("c.json", record).exit_code, 0);
}

TEST(Gate, FailsAForgedExitCode) {
  Record record = judged_example();
  record.verdict.exit_code = 3;
  EXPECT_EQ(gate("c.json", record).exit_code, 1);
  EXPECT_THAT(gate("c.json", record).disagreement, HasSubstr("exit code is 3, recomputed 0"));
}

TEST(Gate, FailsACapsuleWithOtherRules) {
  Record record = judged_example();
  record.verdict.rules.pop_back();
  EXPECT_EQ(gate("c.json", record).exit_code, 1);
  EXPECT_THAT(gate("c.json", record).disagreement, HasSubstr("list of rules"));
}

TEST(Gate, FailsAnEditThatLeavesTheVerdictAsItIs) {
  Record record = judged_example();
  record.prompts[0].ids[1] += 1;
  const GateResult result = gate("c.json", record);
  EXPECT_EQ(result.recomputed.fidelity, "EXACT");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(gate_text({result}), HasSubstr("a checksum does not fit"));
}

TEST(Gate, KeepsTheCodeOfAnInterruption) {
  Record record = example_record();
  record.complete = false;
  record.interruption = "SIGINT";
  record.verdict.fidelity = "EXACT";
  EXPECT_EQ(gate("c.json", record).exit_code, 130);
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
