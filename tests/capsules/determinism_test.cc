// Runs that disagree with their own arm, and those that may differ.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/capsules/example_record.h"
#include "tests/capsules/expect_verdict.h"

namespace fidelio::testing {
namespace {

using ::testing::HasSubstr;

TEST(Determinism, ABaselineThatDependsOnTheStepWidthIsNondeterministic) {
  Record record = example_record();
  ComparisonRecord& comparison = record.comparisons[1];
  comparison.baseline_logit_xxh3_128 = comparison.patched_logit_xxh3_128 = example_digest(99);
  expect_verdict(record, "NONDETERMINISTIC", kFidelity);
  comparison.positions = 16;  // other rows have another hash
  expect_verdict(record, "EXACT", kPass);
}

TEST(Determinism, ARunThatDisagreesWithItsArmIsNondeterministicAndNamed) {
  Record record = example_record();
  record.runs[7].logit_xxh3_128 = example_digest(99);
  expect_verdict(record, "NONDETERMINISTIC", kFidelity);
  EXPECT_THAT(judge(record).sentence, HasSubstr("run 7"));
}

TEST(Determinism, OtherForcingIsNoDisagreement) {
  Record record = example_record();
  for (RunRecord& run : record.runs) {
    if (run.pair < 0) continue;
    run.teacher_forced = true;
    run.logit_xxh3_128 = example_digest(60 + static_cast<unsigned>(run.prompt));
  }
  expect_verdict(record, "EXACT", kPass);
}

}  // namespace
}  // namespace fidelio::testing
