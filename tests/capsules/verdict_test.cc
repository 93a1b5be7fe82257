// The verdict of bit-exact patches: a record that trips each rule, and its twin that does not; the
// order of rules and of exit codes. Other classes: site_rules_test.cc, tie_rules_test.cc,
// explanation_rules_test.cc, class_evidence_test.cc, passing_rules_test.cc, budget_rules_test.cc.
#include "capsules/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "capsules/exit_code.h"
#include "tests/capsules/expect_verdict.h"
#include "tests/capsules/rounded_record.h"

namespace fidelio::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// The example with one comparison whose logits differ a little.
Record with_differing_bits() {
  Record record = example_record();
  record.comparisons[1].differing_positions = 3;
  record.comparisons[1].first_difference = 4;
  record.comparisons[1].max_abs_err = 1e-6;
  record.comparisons[1].patched_logit_xxh3_128 = example_digest(99);
  return record;
}

TEST(Verdict, TheExampleIsExact) { expect_verdict(example_record(), "EXACT", kPass); }

TEST(Verdict, SaysHowFarWiderStepsWereCompared) {
  Record record = example_record();
  EXPECT_THAT(judge(record).sentence, Not(HasSubstr("wider")));
  record.comparisons[1].positions = 20;
  record.comparisons[2].positions = 16;
  EXPECT_THAT(judge(record).sentence, HasSubstr("2, 5 tokens (wider ones: 16 positions a prompt)"));
}

TEST(Verdict, IgnoresTheStoredVerdict) {
  Record record = example_record();
  record.verdict.fidelity = "BROKEN";
  expect_verdict(record, "EXACT", kPass);
}

TEST(Verdict, AFaultIsBrokenAndNamesItsSite) {
  Record record = example_record();
  record.faults.push_back({"patched", "non_finite", 0, 1, 17, "l3.swiglu", "gate_up_swiglu", 3, 2});
  expect_verdict(record, "BROKEN", kFidelity);
  EXPECT_THAT(judge(record).sentence, HasSubstr("l3.swiglu"));
}

TEST(Verdict, AChangedIdIsBroken) {
  Record record = example_record();
  record.generations[0].patched.ids[5] += 1;
  expect_verdict(record, "BROKEN", kFidelity);
  EXPECT_THAT(judge(record).sentence, HasSubstr("token 5"));
}

TEST(Verdict, AnEarlierStopIsAChangedId) {
  Record record = example_record();
  record.generations[1].patched.ids.pop_back();
  expect_verdict(record, "BROKEN", kFidelity);
}

TEST(Verdict, AChangedBestTokenIsBroken) {
  Record record = with_differing_bits();
  record.comparisons[1].argmax_changes = 1;
  record.comparisons[1].first_argmax_change = 9;
  expect_verdict(record, "BROKEN", kFidelity);
}

TEST(Verdict, ADifferingBitIsBrokenUnderBitExactAndNotOtherwise) {
  expect_verdict(with_differing_bits(), "BROKEN", kFidelity);
  expect_verdict(rounded_record(), "TOKEN_EXACT", kPass);
}

TEST(Verdict, AnIdlePatchOfAnotherClassExcusesNoBit) {
  Record record = with_differing_bits();
  record.options.patches_by_name = false;
  record.patches.push_back({"down_combine", "reassociated", false, 0, 0, {}});
  expect_verdict(record, "BROKEN", kFidelity);
  record.patches[1].sites_applied = 4;
  expect_verdict(record, "INCOMPLETE", kInconclusive);
}

TEST(Verdict, ADifferenceWithoutAnyPatchIsBroken) {
  Record record = with_differing_bits();
  record.options.patches.clear();
  record.patches.clear();
  expect_verdict(record, "BROKEN", kFidelity);
}

TEST(Verdict, AFirstDifferenceWithoutACountIsOne) {
  Record record = example_record();
  record.comparisons[1].first_difference = 3;
  expect_verdict(record, "BROKEN", kFidelity);

  record = example_record();
  record.comparisons[1].first_argmax_change = 3;
  expect_verdict(record, "BROKEN", kFidelity);
}

TEST(Verdict, APatchThatWasCalledWasApplied) {
  Record record = with_differing_bits();
  record.options.patches_by_name = record.patches[0].requested_by_name = false;
  record.patches.push_back({"down_combine", "reassociated", false, 0, 8, {}});
  expect_verdict(record, "INCOMPLETE", kInconclusive);
  EXPECT_THAT(judge(record).sentence, HasSubstr("no site of patch down_combine"));
}

TEST(Verdict, AnErrorWithoutADifferingPositionIsADifferingBit) {
  Record record = example_record();
  record.comparisons[1].max_abs_err = 1e-9;
  expect_verdict(record, "BROKEN", kFidelity);
  record.comparisons[1].max_abs_err = std::nan("");
  expect_verdict(record, "BROKEN", kFidelity);
}

TEST(Verdict, AnotherHashAloneIsADifferingBit) {
  Record record = example_record();
  record.comparisons[0].patched_logit_xxh3_128 = example_digest(99);
  expect_verdict(record, "BROKEN", kFidelity);
}

TEST(Verdict, OtherLogitsInTheFreeRunsAreADifferingBit) {
  Record record = example_record();
  record.generations[0].patched.logit_xxh3_128 = example_digest(99);
  for (RunRecord& run : record.runs) {
    if (run.arm == "patched" && run.prompt == 0) run.logit_xxh3_128 = example_digest(99);
  }
  expect_verdict(record, "BROKEN", kFidelity);
}

TEST(Verdict, RunsWhoseArmsDisagreeAreBroken) {
  Record record = example_record();
  for (RunRecord& run : record.runs) {
    if (run.arm == "patched" && run.prompt == 1) run.ids_xxh3_128 = example_digest(99);
  }
  expect_verdict(record, "BROKEN", kFidelity);
  EXPECT_THAT(judge(record).sentence, HasSubstr("ids of run"));

  record = example_record();
  for (RunRecord& run : record.runs) {
    if (run.arm == "patched" && run.prompt == 1) run.logit_xxh3_128 = example_digest(99);
  }
  expect_verdict(record, "BROKEN", kFidelity);
  EXPECT_THAT(judge(record).sentence, HasSubstr("logits of run"));
}

TEST(Verdict, AnotherReasonToStopIsAChange) {
  Record record = example_record();
  record.generations[0].patched.stop = "eos";
  expect_verdict(record, "BROKEN", kFidelity);
}

TEST(Verdict, CountsOfAnySizeOverflowNothing) {
  Record record = example_record();
  record.patches[0].calls = record.patches[0].sites_applied =
      std::numeric_limits<std::int64_t>::max();
  record.patches.push_back(record.patches[0]);
  record.comparisons[1].positions = record.comparisons[2].positions = record.patches[0].calls;
  expect_verdict(record, "EXACT", kPass);
}

std::string outcome_of(const Record& record, const char* rule) {
  for (const RuleRecord& r : judge(record).rules) {
    if (r.name == rule) return r.outcome;
  }
  return "";
}

TEST(Verdict, TheBaselineAgainstItselfIsNotVacuous) {
  Record record = example_record();
  EXPECT_EQ(outcome_of(record, "VACUOUS"), "does not hold");
  record.options.patches.clear();
  record.patches.clear();
  expect_verdict(record, "EXACT", kPass);
  EXPECT_EQ(outcome_of(record, "VACUOUS"), "not applicable");
}

TEST(Verdict, ShowsEachRuleOnceWithASentence) {
  Record interrupted = example_record();
  interrupted.complete = false;
  for (const Record& record : {example_record(), interrupted, with_differing_bits(),
                               rounded_record(), tie_record(), approximate_record()}) {
    std::vector<std::string> names;
    for (const RuleRecord& rule : judge(record).rules) {
      names.push_back(rule.name);
      EXPECT_NE(rule.sentence, "") << rule.name;
    }
    EXPECT_THAT(names, ::testing::UnorderedElementsAre(
                           "BROKEN", "NONDETERMINISTIC", "INCOMPLETE", "VACUOUS", "EXACT",
                           "TOKEN_EXACT", "TIE_FLIP", "APPROXIMATE", "decode", "prefill"));
  }
}

TEST(Verdict, AnInterruptedRunNeverPasses) {
  Record record = example_record();
  record.complete = false;
  record.interruption = "SIGINT";
  expect_verdict(record, "INCOMPLETE", kInterrupted);
  record.interruption = "";
  expect_verdict(record, "INCOMPLETE", kInconclusive);
}

TEST(Verdict, BrokenComesBeforeNondeterministicBeforeVacuous) {
  Record record = example_record();
  record.patches[0].calls = 0;
  record.runs[7].ids_xxh3_128 = example_digest(99);
  expect_verdict(record, "NONDETERMINISTIC", kFidelity);
  record.generations[0].patched.ids[0] += 1;
  expect_verdict(record, "BROKEN", kFidelity);
}

TEST(ExitCodes, ApplyInTheirOrder) {
  EXPECT_EQ(combined_exit_code(std::vector<int>{0, 4, 3, 5, 1, 130, 2}), 2);
  EXPECT_EQ(combined_exit_code(std::vector<int>{0, 4, 3, 5, 1, 130}), 130);
  EXPECT_EQ(combined_exit_code(std::vector<int>{0, 4, 3, 5, 1}), 1);
  EXPECT_EQ(combined_exit_code(std::vector<int>{0, 4, 3, 5}), 5);
  EXPECT_EQ(combined_exit_code(std::vector<int>{0, 4, 3}), 3);
  EXPECT_EQ(combined_exit_code(std::vector<int>{0, 4}), 4);
  EXPECT_EQ(combined_exit_code(std::vector<int>{0}), 0);
}

}  // namespace
}  // namespace fidelio::testing
