// What may be said of speed: outcomes by constructed pairs, the margins, the noise floor, the exit
// code.
#include "capsules/timing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "capsules/exit_code.h"
#include "capsules/verdict.h"
#include "tests/capsules/example_record.h"

namespace fidelio::testing {
namespace {

using ::testing::HasSubstr;

/// n pairs in which the patched arm decodes `ratio` times as fast, give or take up to `noise`.
Record with_pairs(int n, double ratio, double noise = 0.001) {
  Record record = example_record();
  record.prompts.resize(1);
  record.generations.resize(1);
  record.evidence.resize(1);
  record.comparisons.resize(record.options.widths.size());
  record.options.runs = n;
  record.runs.clear();
  for (int pair = 0; pair < n; ++pair) {
    const double wobble = noise * (2.0 * (pair % 5) / 4.0 - 1.0);
    for (const char* arm : {"baseline", "patched"}) {
      RunRecord run = example_run(2 * pair + (arm[0] == 'p' ? 1 : 0), pair, arm, 0);
      const double speed = arm[0] == 'p' ? ratio * std::exp(wobble) : 1.0;
      run.decode_ns = static_cast<std::int64_t>(1e9 / speed);
      run.first_token_ns = 2'000'000;
      record.runs.push_back(run);
    }
  }
  return record;
}

std::string decode_outcome(const Record& record) {
  return judge_timing(record, Phase::decode).outcome;
}

TEST(Timing, OutcomesFollowTheIntervalAndTheMargin) {
  EXPECT_EQ(decode_outcome(with_pairs(15, 1.05)), "improvement");
  EXPECT_EQ(decode_outcome(with_pairs(15, 0.95)), "regression");
  EXPECT_EQ(decode_outcome(with_pairs(15, 1.005)), "neutral");
  EXPECT_EQ(decode_outcome(with_pairs(15, 1.0, 0.08)), "inconclusive");
}

TEST(Timing, WarmUpsAreNoPairs) {
  Record record = with_pairs(5, 1.05);
  for (const char* arm : {"baseline", "patched"})
    record.runs.push_back(example_run(99, -1, arm, 0));
  EXPECT_EQ(judge_timing(record, Phase::decode).pairs, 5);
}

TEST(Timing, PrefillHasAWiderMarginThanDecode) {
  Record record = with_pairs(15, 0.975);
  for (RunRecord& run : record.runs) run.first_token_ns = run.decode_ns;
  EXPECT_EQ(judge_timing(record, Phase::decode).outcome, "regression");
  EXPECT_EQ(judge_timing(record, Phase::prefill).outcome, "neutral");
}

TEST(Timing, AClearDifferenceBelowTheMarginIsNoRegression) {
  EXPECT_EQ(decode_outcome(with_pairs(15, 0.985)), "neutral");
}

TEST(Timing, ALargeEstimateWhoseIntervalReachesZeroDecidesNothing) {
  for (const double ratio : {0.97, 1.03}) {
    const PhaseTiming timing = judge_timing(with_pairs(8, ratio, 0.2), Phase::decode);
    EXPECT_GT(std::abs(timing.shift.estimate), timing.margin);
    EXPECT_EQ(timing.outcome, "inconclusive");
  }
}

TEST(Timing, FivePairsGiveNoVerdict) {
  const PhaseTiming timing = judge_timing(with_pairs(5, 0.5), Phase::decode);
  EXPECT_EQ(timing.outcome, "inconclusive");
  EXPECT_THAT(timing.sentence, HasSubstr("no interval"));
  EXPECT_EQ(decode_outcome(with_pairs(6, 0.5)), "regression");
}

TEST(Timing, ALargerNoiseFloorReplacesTheMargin) {
  Record record = with_pairs(15, 0.96);
  EXPECT_EQ(decode_outcome(record), "regression");
  record.noise_floor = NoiseFloorRecord{0.06, 0.06};
  EXPECT_EQ(decode_outcome(record), "neutral");
}

TEST(Timing, AnInconclusiveResultSaysWhatWouldDecide) {
  EXPECT_THAT(judge_timing(with_pairs(15, 1.0, 0.08), Phase::decode).sentence,
              HasSubstr("pairs would decide it"));
  EXPECT_THAT(judge_timing(with_pairs(15, 1.02, 0.08), Phase::decode).sentence,
              HasSubstr("more than 10000 pairs"));  // right at the margin
}

TEST(Timing, PrefillIsNeutralOnlyWhereNoStepRanAPatchedPlan) {
  Record record = with_pairs(15, 1.0);
  EXPECT_EQ(judge_timing(record, Phase::prefill).outcome, "neutral");
  record.plans.push_back({7, {"gate_up_swiglu"}, 4, 8, 8, 16, 0});
  const PhaseTiming timing = judge_timing(record, Phase::prefill);
  EXPECT_EQ(timing.outcome, "inconclusive");
  EXPECT_THAT(timing.sentence, HasSubstr("some prefill steps ran patched plans"));
  EXPECT_EQ(judge_timing(record, Phase::decode).outcome, "neutral");
  record.plans.back().prefill_steps = 0;
  EXPECT_EQ(judge_timing(record, Phase::prefill).outcome, "neutral");
}

TEST(Timing, ASlowerPrefillIsARegressionWhateverPlanRan) {
  Record record = with_pairs(15, 1.0);
  for (RunRecord& run : record.runs)
    if (run.arm == "patched") run.first_token_ns = 2'200'000;
  EXPECT_EQ(judge_timing(record, Phase::prefill).outcome, "regression");
  record.plans.push_back({7, {"gate_up_swiglu"}, 4, 8, 8, 16, 0});
  EXPECT_EQ(judge_timing(record, Phase::prefill).outcome, "regression");
}

TEST(Timing, DecodeCountsTheIdsAfterTheFirst) {
  RunRecord run;
  run.decode_tokens = 999;
  run.decode_ns = 1'000'000'000;
  EXPECT_DOUBLE_EQ(tok_s(run, Phase::decode), 999.0);
  run.decode_tokens = 0;
  EXPECT_EQ(tok_s(run, Phase::decode), 0.0);
}

TEST(Timing, DecidesTheExitCodeOnlyWhenRequired) {
  Record record = with_pairs(15, 0.9);
  EXPECT_EQ(judge(record).exit_code, kPass);
  record.options.require_timing = true;
  EXPECT_EQ(judge(record).exit_code, kRegression);

  record = with_pairs(15, 1.0, 0.08);
  EXPECT_EQ(judge(record).exit_code, kPass);
  record.options.require_timing = true;
  EXPECT_EQ(judge(record).exit_code, kInconclusive);
}

}  // namespace
}  // namespace fidelio::testing
