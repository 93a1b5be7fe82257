// Changes that nothing in the record explains are defects; each has a twin with its cause.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/capsules/expect_verdict.h"
#include "tests/capsules/rounded_record.h"

namespace fidelio::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// The tie without the cause that its routed comparison gives.
Record without_cause() {
  Record record = tie_record();
  ComparisonRecord& routed = comparison_of(record, 0, 1, "routed");
  routed.argmax_changes = routed.route_flips = 0;
  routed.first_argmax_change.reset();
  routed.first_change.reset();
  routed.widest_change.reset();
  record.route_flips.clear();
  return record;
}

TEST(Explanations, AChangeWithoutARoutedChangeOrFlipIsBroken) {
  Record record = without_cause();
  expect_verdict(record, "BROKEN", kFidelity);
  EXPECT_THAT(judge(record).sentence, HasSubstr("no other expert is chosen"));
}

TEST(Explanations, ARouteTieAloneExplainsAChange) {
  Record record = without_cause();
  record.route_flips = tie_record().route_flips;
  comparison_of(record, 0, 1, "routed").route_flips = 1;
  expect_verdict(record, "TIE_FLIP", kPass);
}

TEST(Explanations, ARoutedTieAloneExplainsAChange) {
  Record record = without_cause();
  add_change(comparison_of(record, 0, 1, "routed"), 6);
  expect_verdict(record, "TIE_FLIP", kPass);
}

TEST(Explanations, AChangeInWiderStepsNeedsItsOwnCause) {
  Record record = tie_record();
  add_change(comparison_of(record, 1, 5, "free"), 9);
  expect_verdict(record, "BROKEN", kFidelity);
  EXPECT_THAT(judge(record).sentence, HasSubstr("prompt 1, steps of 5 tokens"));
  add_change(comparison_of(record, 1, 5, "routed"), 9);
  expect_verdict(record, "TIE_FLIP", kPass);
}

TEST(Explanations, IdsThatDifferBeforeAnyChangeAreBroken) {
  Record record = tie_record();
  for (const char* routing : {"free", "routed"}) {
    ComparisonRecord& c = comparison_of(record, 0, 1, routing);
    c.first_argmax_change = c.first_change->position = 7;
  }
  expect_verdict(record, "BROKEN", kFidelity);
  EXPECT_THAT(judge(record).sentence, HasSubstr("differ from generated token 6 on"));
  comparison_of(record, 0, 1, "routed").first_argmax_change = 6;
  expect_verdict(record, "TIE_FLIP", kPass);
}

TEST(Explanations, IdsThatDifferWithoutAnyChangeAreBroken) {
  Record record = rounded_record();
  record.generations[0].patched.ids[5] += 1;
  expect_verdict(record, "BROKEN", kFidelity);
  EXPECT_THAT(judge(record).sentence, HasSubstr("token 5"));
}

TEST(Explanations, IdsThatWereNotComparedThatFarAreIncomplete) {
  Record record = tie_record();
  std::erase_if(record.comparisons,
                [](const ComparisonRecord& c) { return c.prompt == 0 && c.width == 1; });
  record.route_flips.clear();
  expect_verdict(record, "INCOMPLETE", kInconclusive);
}

TEST(Explanations, AnotherStopAfterTheSameIdsIsBroken) {
  Record record = rounded_record();
  record.generations[1].patched.stop = "eos";
  expect_verdict(record, "BROKEN", kFidelity);
  EXPECT_THAT(judge(record).sentence, HasSubstr("though their ids are the same"));
}

TEST(Explanations, AnEarlierEndNeedsAChangeThere) {
  Record record = rounded_record();
  SequenceRecord& patched = record.generations[1].patched;
  patched.ids.resize(20);
  patched.stop = "eos";
  expect_verdict(record, "BROKEN", kFidelity);
}

TEST(Explanations, OtherIdsOfATimedRunNeedAChangeOfTheirPrompt) {
  Record record = tie_record();
  for (RunRecord& run : record.runs)
    if (run.arm == "patched" && run.prompt == 1) run.ids_xxh3_128 = example_digest(99);
  expect_verdict(record, "BROKEN", kFidelity);
  EXPECT_THAT(judge(record).sentence, HasSubstr("prompt 1: ids of run"));

  record = tie_record();
  for (RunRecord& run : record.runs)  // forced runs choose from the baseline's context
    if (run.arm == "patched" && run.teacher_forced) run.ids_xxh3_128 = example_digest(99);
  expect_verdict(record, "TIE_FLIP", kPass);
}

}  // namespace
}  // namespace fidelio::testing
