// Two looks at a series, confirmation by a fresh process, several launches: what each changes in a
// verdict, and the capsule beside it that it does not change.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capsules/completeness.h"
#include "capsules/exit_code.h"
#include "capsules/timing.h"
#include "capsules/verdict.h"
#include "tests/capsules/expect_verdict.h"
#include "tests/capsules/speed_series.h"

namespace fidelio::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

PhaseTiming decode(const Record& record) { return judge_timing(record, Phase::decode); }

Record with_looks(int runs, int pairs, double ratio = 0.95) {
  Record record = with_series(around(pairs, ratio));
  record.options.looks = 2;
  record.options.runs = runs;
  return record;
}

TEST(Looks, HaveTheirOwnLevel) {
  const Record once = with_series(around(15, 0.95));
  EXPECT_EQ(decode(once).shift.rank, 26);
  EXPECT_THAT(decode(once).sentence, AllOf(HasSubstr("95.2% interval"), Not(HasSubstr("look"))));
  EXPECT_EQ(decode(with_looks(15, 15)).shift.rank, 22);
  EXPECT_THAT(decode(with_looks(15, 15)).sentence, HasSubstr("interval, first of two looks"));
  EXPECT_EQ(decode(with_looks(15, 30)).shift.rank, 128);
  EXPECT_THAT(decode(with_looks(15, 30)).sentence, HasSubstr("interval, second of two looks"));
}

TEST(Looks, MayEndAfterTheRunsOrTwiceAsManyAndNowhereElse) {
  EXPECT_EQ(missing_evidence(with_looks(15, 15)), "");
  EXPECT_EQ(missing_evidence(with_looks(15, 30)), "");
  for (const int pairs : {16, 29, 31, 45})
    EXPECT_THAT(missing_evidence(with_looks(15, pairs)),
                HasSubstr(fmt::format("{} pairs, where 15 or twice as many", pairs)));
  EXPECT_THAT(missing_evidence(with_looks(15, 14)), HasSubstr("14 of 15 pairs"));
}

TEST(Looks, AreOneWhereOneWasAskedFor) {
  Record record = with_looks(15, 30);
  record.options.looks = 1;
  expect_verdict(record, "INCOMPLETE", kRegression);
  EXPECT_THAT(missing_evidence(record), HasSubstr("30 pairs, where 15 were asked for"));
}

TEST(Looks, GoOnForAllPromptsOrNone) {
  Record record = example_record();
  record.options.looks = 2;
  EXPECT_EQ(missing_evidence(record), "");
  for (int pair = 0; pair < 15; ++pair)
    for (const char* arm : {"baseline", "patched"})
      record.runs.push_back(example_run(record.runs.back().order + 1, 15 + pair, arm, 1));
  EXPECT_THAT(missing_evidence(record), HasSubstr("prompt 1 has another number of pairs"));
}

Record regression(bool confirm = true) {
  Record record = with_series(around(15, 0.95));
  record.options.confirm = confirm;
  return record;
}

TEST(Confirmation, IsMissingUntilMeasuredAgain) {
  expect_verdict(regression(false), "EXACT", kRegression);
  expect_verdict(regression(), "EXACT", kInconclusive);
  EXPECT_THAT(decode(regression()).sentence, HasSubstr("not measured again: --confirm"));
  EXPECT_EQ(decode(regression()).measured, "regression");
}

TEST(Confirmation, ThatAgreesMakesTheRegression) {
  Record record = regression();
  add_confirmation(record, around(15, 0.96));
  expect_verdict(record, "EXACT", kRegression);
  EXPECT_EQ(decode(record).pairs, 15);
  EXPECT_THAT(decode(record).sentence, HasSubstr("; confirmed in a fresh process: 0.960x"));
}

TEST(Confirmation, ThatDoesNotAgreeDecidesNothing) {
  for (const double ratio : {1.0, 0.985, 1.1}) {
    Record record = regression();
    add_confirmation(record, around(15, ratio));
    expect_verdict(record, "EXACT", kInconclusive);
    EXPECT_THAT(decode(record).sentence, HasSubstr("not confirmed in a fresh process"));
  }
}

TEST(Confirmation, OfFewerPairsIsNone) {
  Record record = regression();
  add_confirmation(record, around(6, 0.95));
  expect_verdict(record, "INCOMPLETE", kRegression);
  EXPECT_THAT(missing_evidence(record), HasSubstr("6 of 15 pairs measured again"));
}

TEST(Confirmation, NeverJoinsTheMeasuredPairs) {
  Record record = with_series(around(15, 1.0));
  record.options.confirm = true;
  add_confirmation(record, around(15, 0.8));
  EXPECT_EQ(decode(record).outcome, "neutral");
  EXPECT_EQ(log_ratios(record, Phase::decode).size(), 15U);
}

TEST(Confirmation, IsLeftAloneWhereNoneIsAskedFor) {
  Record record = regression(false);
  add_confirmation(record, around(15, 1.0));
  EXPECT_EQ(decode(record).outcome, "regression");
}

/// 15 pairs over three processes.
Record launched() {
  Record record = with_series(around(15, 1.0));
  record.options.launches = 3;
  for (int launch = 0; launch < 3; ++launch)
    record.launches.push_back({"measure", record.created, 1});
  for (RunRecord& run : record.runs) run.launch = run.pair / 5;
  return record;
}

TEST(Launches, PoolTheirPairs) {
  EXPECT_EQ(missing_evidence(launched()), "");
  EXPECT_EQ(decode(launched()).pairs, 15);
}

TEST(Launches, AreAsManyAsAskedFor) {
  Record record = launched();
  for (RunRecord& run : record.runs) run.launch = run.pair < 8 ? 0 : 1;
  EXPECT_THAT(missing_evidence(record), HasSubstr("pairs of 2 of 3 launches"));
}

TEST(Launches, DoNotShareAPair) {
  Record record = launched();
  record.runs.back().launch = 0;
  EXPECT_THAT(missing_evidence(record), HasSubstr("prompt 0 pair 14 has two launches"));
}

TEST(Pairs, ChooseTheirTokensOrAreGivenThemAllAlike) {
  Record record = launched();
  for (RunRecord& run : record.runs) run.teacher_forced = true;
  EXPECT_EQ(missing_evidence(record), "");
  record.runs[9].teacher_forced = false;
  EXPECT_THAT(missing_evidence(record), HasSubstr("pair 4 has a run that chose its own tokens"));
  record = launched();
  record.runs[9].teacher_forced = true;
  EXPECT_THAT(missing_evidence(record), HasSubstr("pair 4 has a run that did not choose"));
  record = launched();
  record.generations[0].patched.ids[3] += 1;
  EXPECT_THAT(missing_evidence(record), HasSubstr("pair 0 has a run that chose its own tokens"));
}

TEST(Pairs, DoTheSameWorkAndTakeTime) {
  Record record = launched();
  record.runs[0].decode_tokens -= 1;
  EXPECT_THAT(missing_evidence(record), HasSubstr("pair 0 has different numbers of tokens"));
  record = launched();
  record.runs[3].decode_ns = 0;
  EXPECT_THAT(missing_evidence(record), HasSubstr("pair 1 has tokens that took no time"));
}

}  // namespace
}  // namespace fidelio::testing
