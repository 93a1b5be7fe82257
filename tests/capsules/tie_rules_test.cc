// Route flips and changed tokens at their limits: a tie, and what is just none.
#include "capsules/tie_rules.h"

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

TEST(TieRules, TheTieIsOne) { expect_verdict(tie_record(), "TIE_FLIP", kPass); }

TEST(TieRules, AGapMayReachFiveTimesTheNoiseAndNotExceedIt) {
  Record record = tie_record();
  record.route_flips[0].gap = kFlipTieFactor * record.router_noise[2].rms_naive;
  expect_verdict(record, "TIE_FLIP", kPass);
  record.route_flips[0].gap = above(record.route_flips[0].gap);
  expect_verdict(record, "BROKEN", kFidelity);
  EXPECT_THAT(
      judge(record).sentence,
      HasSubstr("prompt 0, steps of 1 tokens, layer 2: other experts in 1 row; at token 5 12 "
                "for 3, 2e-05 apart"));
}

TEST(TieRules, AFlipInThePromptIsHeldToTheSameLimit) {
  Record record = tie_record();
  record.route_flips[0].position = -3;
  expect_verdict(record, "TIE_FLIP", kPass);
  record.route_flips[0].gap = above(kFlipTieFactor * record.router_noise[2].rms_naive);
  expect_verdict(record, "BROKEN", kFidelity);
  EXPECT_THAT(judge(record).sentence, HasSubstr("in 1 row; at prompt token -3 12 for 3"));
}

TEST(TieRules, AGapOfAnApproximatePatchMayReachEightTimesTheNoise) {
  Record record = tie_record();
  for (PatchRecord& patch : record.patches) patch.numerics = "approximate";
  for (SiteRecord& site : record.sites) site.numerics = "approximate";
  record.route_flips[0].gap = kApproximateTieFactor * record.router_noise[2].rms_naive;
  expect_verdict(record, "APPROXIMATE", kFidelity);
  record.route_flips[0].gap = above(record.route_flips[0].gap);
  expect_verdict(record, "BROKEN", kFidelity);
}

TEST(TieRules, TheNoiseIsTheBaselinesWhereItIsLarger) {
  Record record = tie_record();
  record.router_noise[2].rms_baseline = 1e-3;
  record.route_flips[0].gap = 3e-3;
  expect_verdict(record, "TIE_FLIP", kPass);
}

TEST(TieRules, TheNoiseIsThatOfTheLayer) {
  Record record = tie_record();
  record.router_noise[3].rms_naive = 1;
  record.route_flips[0].gap = 1;
  expect_verdict(record, "BROKEN", kFidelity);
}

TEST(TieRules, AFlipWithoutNoiseIsIncompleteAndNoPass) {
  Record record = tie_record();
  record.router_noise[2].rows = 0;
  expect_verdict(record, "INCOMPLETE", kInconclusive);
  record.router_noise.erase(record.router_noise.begin() + 2);
  expect_verdict(record, "INCOMPLETE", kInconclusive);
  EXPECT_THAT(judge(record).sentence, HasSubstr("layer 2 has route flips"));
}

TEST(TieRules, AnyFlipOfABitExactRunIsADefect) {
  Record record = example_record();
  record.route_flips.push_back({0, 1, 2, 1, 5, {3}, {12}, 0});
  expect_verdict(record, "BROKEN", kFidelity);

  record = example_record();
  ComparisonRecord routed = record.comparisons[0];
  routed.routing = "routed";
  record.comparisons.push_back(routed);
  expect_verdict(record, "EXACT", kPass);
  record.comparisons.back().route_flips = 1;  // though none is listed
  expect_verdict(record, "BROKEN", kFidelity);
}

TEST(TieRules, AMarginMayReachThreeSigmaAndNotExceedIt) {
  Record record = tie_record();
  ComparisonRecord& routed = comparison_of(record, 0, 1, "routed");
  routed.widest_change->margin = kTieFactor * record.references[0].sigma_naive;
  expect_verdict(record, "TIE_FLIP", kPass);
  routed.widest_change->margin = above(routed.widest_change->margin);
  expect_verdict(record, "BROKEN", kFidelity);
  EXPECT_THAT(judge(record).sentence,
              HasSubstr("prompt 0, steps of 1 tokens, step 6: patched says ' city', baseline ' "
                        "town' by a margin of 0.015"));
}

TEST(TieRules, SigmaIsTheBaselinesWhereItIsLarger) {
  Record record = tie_record();
  record.references[0].sigma_baseline = 1;
  comparison_of(record, 0, 1, "routed").widest_change->margin = 3;
  expect_verdict(record, "TIE_FLIP", kPass);
}

TEST(TieRules, TheFirstChangeIsHeldToSigmaToo) {
  Record record = tie_record();
  comparison_of(record, 0, 1, "routed").first_change->margin = 1;
  expect_verdict(record, "BROKEN", kFidelity);
}

TEST(TieRules, AFreeChangeOfAnyMarginFollowsFromATieOfExperts) {
  Record record = tie_record();
  comparison_of(record, 0, 1, "free").widest_change->margin = 4;
  expect_verdict(record, "TIE_FLIP", kPass);
}

TEST(TieRules, SigmaTakes64Steps) {
  Record record = tie_record();
  record.references[0].steps = 63;
  expect_verdict(record, "INCOMPLETE", kInconclusive);
  EXPECT_THAT(judge(record).sentence, HasSubstr("63 of the 64 float64 steps"));
  record.references.erase(record.references.begin());
  expect_verdict(record, "INCOMPLETE", kInconclusive);
  EXPECT_THAT(judge(record).sentence, HasSubstr("0 of the 64 float64 steps"));
}

TEST(TieRules, AFigureThatIsNoFiniteNumberFails) {
  for (const double value : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    Record record = tie_record();
    record.route_flips[0].gap = value;
    expect_verdict(record, "BROKEN", kFidelity);
    for (double RouterNoiseRecord::*noise :
         {&RouterNoiseRecord::rms_baseline, &RouterNoiseRecord::rms_naive}) {
      record = tie_record();
      record.router_noise[2].*noise = value;
      expect_verdict(record, "BROKEN", kFidelity);
    }
    record = tie_record();
    comparison_of(record, 0, 1, "routed").widest_change->margin = value;
    expect_verdict(record, "BROKEN", kFidelity);
    for (double ReferenceRecord::*sigma :
         {&ReferenceRecord::sigma_baseline, &ReferenceRecord::sigma_naive}) {
      record = tie_record();
      record.references[0].*sigma = value;
      expect_verdict(record, "BROKEN", kFidelity);
    }
  }
}

TEST(TieRules, HoldForApproximateRunsToo) {
  Record record = approximate_record();
  record.route_flips[0].gap = 1;
  expect_verdict(record, "BROKEN", kFidelity);
  record = approximate_record();
  comparison_of(record, 0, 1, "routed").widest_change->margin = 1;
  expect_verdict(record, "BROKEN", kFidelity);
}

}  // namespace
}  // namespace fidelio::testing
