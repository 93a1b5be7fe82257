// What a gate tells a CI system: JUnit XML, GitHub's annotations, the summary page.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "capsules/annotations.h"
#include "capsules/junit.h"
#include "capsules/step_summary.h"
#include "capsules/verdict.h"
#include "tests/capsules/page.h"
#include "tests/capsules/rounded_record.h"
#include "tests/support/xmllint.h"

namespace fidelio::testing {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string kSchema = std::string(FIDELIO_SOURCE_DIR) + "/tests/data/junit/junit.xsd";
const std::string kHostile = "a<b>&\"'%]]>\x1b[2J\n::error::x\xC2\x9B\xEF\xBF\xBF\xff";

GateResult gated(Record record, const std::string& name) {
  record.verdict = judge(record);
  return gate(name, record);
}

Record broken_record() {
  Record record = example_record();
  record.generations[0].patched.ids[3] += 1;
  return record;
}

/// One check of each outcome.
GateResult checked(const std::string& patch = "down_combine") {
  GateResult result = gated(example_record(), "c.json");
  result.checks = {{patch, "sites", "pass", "4 sites hold"},
                   {patch, "decode", "inconclusive", "about 40 pairs would decide it"},
                   {patch, "prefill", "skipped", "the policy does not ask"},
                   {patch, "min_pairs", "fail", "found 3 pairs, expected 15"}};
  return result;
}

TEST(Junit, GivesEachOutcomeItsElement) {
  const std::string xml = junit_report({checked()});
  EXPECT_THAT(xml, HasSubstr("<testsuite name=\"tiny-moe (c.json)\" tests=\"5\" failures=\"1\" "
                             "errors=\"0\" skipped=\"2\""));
  EXPECT_THAT(xml, HasSubstr("<testcase classname=\"down_combine\" name=\"sites\" time=\"0\">"
                             "<system-out>4 sites hold</system-out></testcase>"));
  EXPECT_THAT(xml,
              HasSubstr("<skipped message=\"inconclusive: about 40 pairs would decide it\"/>"));
  EXPECT_THAT(xml, HasSubstr("<skipped message=\"skipped: the policy does not ask\"/>"));
  EXPECT_THAT(xml,
              HasSubstr("<failure type=\"min_pairs\" message=\"found 3 pairs, expected 15\">"));
}

TEST(Junit, IsRedExactlyWhereTheExitCodeIs) {
  EXPECT_THAT(junit_report({gated(example_record(), "c.json")}), Not(HasSubstr("<failure")));
  EXPECT_THAT(junit_report({gated(broken_record(), "c.json")}),
              HasSubstr("name=\"gate\" time=\"0\"><failure type=\"gate\" "
                        "message=\"VERDICT BROKEN"));
  Record forged = example_record();
  forged.prompts[0].ids_xxh3_128 = example_digest(1);
  EXPECT_THAT(junit_report({gated(forged, "c.json")}),
              HasSubstr("name=\"checksums\" time=\"0\"><failure"));
}

TEST(Junit, CountsAnOutcomeThatNobodyKnowsAsAFailure) {
  GateResult result = gated(example_record(), "c.json");
  result.checks = {{"p", "sites", "PASS", "?"}};
  EXPECT_THAT(junit_report({result}), HasSubstr("failures=\"1\""));
}

TEST(Junit, FitsTheSchemaWhateverTheTextsAre) {
  FIDELIO_XMLLINT_OR_SKIP();
  GateResult hostile = checked(kHostile);
  hostile.name = hostile.model = hostile.checks[3].sentence = kHostile;
  EXPECT_EQ(xmllint_complaint(junit_report({checked(), hostile}), kSchema), "");
  EXPECT_THAT(junit_report({hostile}), Not(HasSubstr("\x1b")));
}

TEST(Junit, TheSchemaRefusesOtherForms) {
  FIDELIO_XMLLINT_OR_SKIP();
  const std::string good = junit_report({checked()});
  for (const auto& [found, other] : std::vector<std::pair<std::string, std::string>>{
           {"tests=\"5\"", "tests=\"five\""},
           {"<system-out>", "<system-out/><system-out>"},
           {" errors=\"0\" skipped", " skipped"},
           {"classname=\"down_combine\"", "class=\"down_combine\""},
           {"4 sites hold", "4 < 5 & \x01"}}) {
    std::string bad = good;
    ASSERT_NE(bad.find(found), std::string::npos) << found;
    bad.replace(bad.find(found), found.size(), other);
    EXPECT_NE(xmllint_complaint(bad, kSchema), "") << other;
  }
}

TEST(Annotations, NameFailuresAndWhatIsUndecided) {
  const std::string text = github_annotations({checked()});
  EXPECT_EQ(text,
            "::error title=tiny-moe%3A down_combine%2C min_pairs::found 3 pairs, expected 15 "
            "[c.json]\n"
            "::warning title=tiny-moe%3A down_combine%2C decode::about 40 pairs would decide it "
            "[c.json]\n");
  EXPECT_EQ(github_annotations({gated(example_record(), "c.json")}), "");
}

TEST(Annotations, StayOnTheirLineWhateverTheTextsAre) {
  GateResult hostile = checked(kHostile);
  hostile.model = hostile.checks[3].sentence = kHostile;
  std::istringstream lines(github_annotations({hostile}));
  for (std::string line; std::getline(lines, line);) {
    EXPECT_THAT(line, AllOf(StartsWith("::"), Not(HasSubstr("\x1b")), Not(HasSubstr("\r"))));
    const std::string title = line.substr(0, line.find("::", 2));
    EXPECT_EQ(std::count(title.begin() + 2, title.end(), ':'), 0) << title;
  }
  EXPECT_THAT(github_annotations({hostile}), HasSubstr("a<b>&\"'%25]]>?[2J?::error::x"));
}

TEST(Annotations, AreAtMostTenOfAKindTheLastCountingTheRest) {
  GateResult result = gated(example_record(), "c.json");
  for (int i = 0; i < 10; ++i) result.checks.push_back({"p", "sites", "fail", "no"});
  EXPECT_EQ(count_of(github_annotations({result}), "::error "), 10U);
  EXPECT_THAT(github_annotations({result}), Not(HasSubstr("more;")));
  result.checks.push_back({"p", "sites", "fail", "no"});
  EXPECT_EQ(count_of(github_annotations({result}), "::error "), 10U);
  EXPECT_THAT(github_annotations({result}), EndsWith("::2 more; the log names all of them\n"));
}

TEST(Annotations, PutTheVerdictFirst) {
  EXPECT_THAT(github_annotations({gated(broken_record(), "c.json")}),
              StartsWith("::error title=tiny-moe%3A all patches%2C gate::VERDICT BROKEN"));
}

TEST(Annotations, TextStandsBetweenCommandsThatStopCommands) {
  EXPECT_EQ(without_commands("::warning::x\n", "k"), "::stop-commands::k\n::warning::x\n::k::\n");
  EXPECT_EQ(without_commands("x", "k"), "::stop-commands::k\nx\n::k::\n");
}

TEST(StepSummary, LeadsWithTheOutcomeThenEveryCaseThenTheReport) {
  const std::string text = step_summary({checked()}, {example_record()});
  EXPECT_THAT(text, StartsWith("## Fidelio: gate passed (exit code 0)\n\n| capsule |"));
  EXPECT_THAT(text, HasSubstr("| down\\_combine | min\\_pairs | fail | found 3 pairs"));
  EXPECT_LT(text.find("min\\_pairs"), text.find("### Report"));
  EXPECT_THAT(text, EndsWith("tokens.**\n"));
  EXPECT_THAT(step_summary({gated(broken_record(), "c.json")}, {broken_record()}),
              StartsWith("## Fidelio: gate FAILED (exit code 1)"));
}

TEST(StepSummary, IsCutAtASectionAndSaysSo) {
  const std::vector<Record> records = {example_record()};
  const std::string whole = step_summary({checked()}, records);
  EXPECT_EQ(step_summary({checked()}, records, whole.size()), whole);
  for (const std::size_t limit : {whole.size() - 1, whole.size() / 2}) {
    const std::string text = step_summary({checked()}, records, limit);
    EXPECT_LE(text.size(), limit);
    const std::size_t end = text.find("\n\nCut here: ");
    ASSERT_NE(end, std::string::npos);
    EXPECT_EQ(whole.compare(0, end, text, 0, end), 0);
    EXPECT_EQ(whole.compare(end, 5, "\n### "), 0);
  }
  EXPECT_LE(step_summary({checked()}, records, 200).size(), 200U);
  EXPECT_EQ(step_summary({checked()}, records, 10), "");
}

}  // namespace
}  // namespace fidelio::testing
