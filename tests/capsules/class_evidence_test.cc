// What a run of another class than bit_exact owes: each piece of evidence taken away.
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

TEST(ClassEvidence, NeedsSampledRowsOfEachAppliedPatch) {
  Record record = rounded_record();
  for (SiteRecord& site : record.sites) site.sampled_rows = site.layer == 1 ? 1 : 0;
  expect_verdict(record, "TOKEN_EXACT", kPass);
  record.sites[1].sampled_rows = 0;
  expect_incomplete(record, "no site of patch gate_up_swiglu (reassociated) was held");

  record = rounded_record();
  record.patches.push_back({"down_combine", "approximate", false, 4, 10, {}, {}});
  expect_incomplete(record, "no site of patch down_combine (approximate) was held");
}

TEST(ClassEvidence, EqualBitsOweNothing) {
  Record record = example_record();
  record.patches[0].numerics = "reassociated";
  expect_verdict(record, "EXACT", kPass);
}

TEST(ClassEvidence, NeedsARoutedComparisonBesideEachThatDiffers) {
  Record record = rounded_record();
  std::erase_if(record.comparisons, [](const ComparisonRecord& c) {
    return c.prompt == 1 && c.width == 2 && c.routing == "routed";
  });
  expect_incomplete(record, "prompt 1 differs in steps of 2 tokens");
  ComparisonRecord& free = comparison_of(record, 1, 2, "free");
  free = example_record().comparisons[4];  // of the same prompt and width, equal
  EXPECT_EQ(free.width, 2);
  expect_verdict(record, "TOKEN_EXACT", kPass);
}

TEST(ClassEvidence, NeedsTheRoutedComparisonWhole) {
  Record record = rounded_record();
  comparison_of(record, 1, 2, "routed").positions = 31;
  expect_incomplete(record, "prompt 1 differs in steps of 2 tokens");
  record = rounded_record();
  comparison_of(record, 1, 2, "routed").patched_logit_xxh3_128 = "";
  expect_incomplete(record, "prompt 1 differs in steps of 2 tokens");
}

TEST(ClassEvidence, NeedsTheMarginOfARoutedChange) {
  Record record = tie_record();
  comparison_of(record, 0, 1, "free").widest_change.reset();
  expect_verdict(record, "TIE_FLIP", kPass);
  comparison_of(record, 0, 1, "routed").widest_change.reset();
  expect_incomplete(record, "changed best tokens in steps of 1 tokens and no margin");
}

TEST(ClassEvidence, NeedsFiguresForEachRouteFlip) {
  Record record = tie_record();
  comparison_of(record, 0, 1, "routed").route_flips = 2;
  expect_incomplete(record, "prompt 0 has 2 route flips in steps of 1 tokens and figures for 1");
}

TEST(ClassEvidence, ARoutedComparisonIsNoFreeOne) {
  Record record = rounded_record();
  std::erase_if(record.comparisons, [](const ComparisonRecord& c) {
    return c.prompt == 1 && c.width == 2 && c.routing == "free";
  });
  expect_incomplete(record, "prompt 1 has no comparison in steps of 2 tokens");
}

}  // namespace
}  // namespace fidelio::testing
