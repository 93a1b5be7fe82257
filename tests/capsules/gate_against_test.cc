// A capsule against a stored one: what it stops, what it lets pass, and what cannot be compared.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capsules/exit_code.h"
#include "tests/capsules/gated.h"

namespace fidelio::testing {
namespace {

using ::testing::HasSubstr;

const char* const kTimed = R"({"policy_version": 1, "timing": "required"})";

TEST(GateAgainst, StopsAWorseVerdict) {
  const std::vector<Record> from_best = {example_record(), rounded_record(), tie_record(),
                                         approximate_record()};
  for (std::size_t before = 0; before < from_best.size(); ++before) {
    for (std::size_t now = 0; now < from_best.size(); ++now) {
      const GateResult result = gated(from_best[now], "", {from_best[before]});
      EXPECT_EQ(outcome_of(result, "against"), now <= before ? "pass" : "fail");
      EXPECT_EQ(result.exit_code, now <= before ? kPass : kFidelity);
    }
  }
}

TEST(GateAgainst, StopsASpeedupThatIsLost) {
  const Record before = with_series(around(15, 1.10));
  GateResult result = gated(with_series(around(15, 1.05)), kTimed, {before});
  EXPECT_EQ(outcome_of(result, "decode"), "pass");  // still faster than its own baseline
  EXPECT_EQ(outcome_of(result, "against_decode"), "fail");
  EXPECT_EQ(result.exit_code, kRegression);
  EXPECT_THAT(sentence_of(result, "against_decode"), HasSubstr("speedup 0.955x"));

  result = gated(with_series(around(15, 1.09)), kTimed, {before});
  EXPECT_EQ(outcome_of(result, "against_decode"), "pass");
  EXPECT_EQ(outcome_of(result, "against_prefill"), "pass");
  EXPECT_EQ(result.exit_code, kPass);
}

TEST(GateAgainst, LeavesAWideSeriesUndecided) {
  const GateResult result =
      gated(with_series(around(15, 1.05, 0.01)), kTimed, {with_series(around(15, 1.10, 0.3))});
  EXPECT_EQ(outcome_of(result, "against_decode"), "inconclusive");
  EXPECT_EQ(result.exit_code, kInconclusive);
}

TEST(GateAgainst, DecidesNothingBySpeedWhereTimingDoesNot) {
  const GateResult result =
      gated(with_series(around(15, 1.02)), R"({"policy_version": 1, "timing": "ignored"})",
            {with_series(around(15, 1.2))});
  EXPECT_EQ(outcome_of(result, "against_decode"), "skipped");
  EXPECT_EQ(result.exit_code, kPass);
}

TEST(GateAgainst, TakesThePolicysMarginAndTheLargerNoiseFloor) {
  Record before = with_series(around(15, 1.10));
  const Record now = with_series(around(15, 1.05));
  EXPECT_EQ(gated(now, R"({"policy_version": 1, "margins": {"decode": 0.06}})", {before}).exit_code,
            kPass);
  before.noise_floor = NoiseFloorRecord{0.06, 0.06, "m", 20, 15, ""};
  EXPECT_EQ(gated(now, kTimed, {before}).exit_code, kPass);
}

TEST(GateAgainst, SaysWhenNothingStoredIsComparable) {
  const auto with = [](void (*change)(Record&)) {
    Record record = with_series(around(15, 1.0));
    change(record);
    return record;
  };
  const Record now = with_series(around(15, 1.0));
  for (const Record& before :
       {with([](Record& r) { r.model.weights_xxh3_128 = example_digest(77); }),
        with([](Record& r) { r.model.tokenizer_xxh3_128.reset(); }), with([](Record& r) {
          r.prompts[0].ids.push_back(3);
          r.prompts[0].ids_xxh3_128 = example_checksum(r.prompts[0].ids);
        }),
        with([](Record& r) { r.numerics_version = 2; }),
        with([](Record& r) { r.options.ignore_eos = true; })}) {
    const GateResult result = gated(now, kTimed, {before});
    EXPECT_EQ(outcome_of(result, "against"), "inconclusive");
    EXPECT_EQ(result.exit_code, kInconclusive);
    EXPECT_THAT(sentence_of(result, "against"), HasSubstr("no stored capsule of this model"));
    EXPECT_EQ(gated(now, kTimed, {before, now}).exit_code, kPass);  // another one is
  }
}

TEST(GateAgainst, ComparesNoSpeedsOfOtherMachines) {
  Record before = with_series(around(15, 1.0));
  before.hardware.cpu_model = "Other CPU";
  GateResult result = gated(with_series(around(15, 1.0)), kTimed, {before});
  EXPECT_EQ(outcome_of(result, "against"), "pass");
  EXPECT_EQ(outcome_of(result, "against_decode"), "inconclusive");
  EXPECT_EQ(result.exit_code, kInconclusive);
  EXPECT_THAT(sentence_of(result, "against_decode"), HasSubstr("processor: Other CPU"));
  result = gated(with_series(around(15, 1.0)), R"({"policy_version": 1, "timing": "ignored"})",
                 {before});
  EXPECT_EQ(result.exit_code, kPass);
}

}  // namespace
}  // namespace fidelio::testing
