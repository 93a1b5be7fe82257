// A patch that did nothing passes nothing, whoever asked for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/capsules/example_record.h"
#include "tests/capsules/expect_verdict.h"

namespace fidelio::testing {
namespace {

using ::testing::HasSubstr;

/// The example asked for a profile, not for its patch by name.
Record with_a_profile() {
  Record record = example_record();
  record.options.patches_by_name = record.patches[0].requested_by_name = false;
  return record;
}

TEST(Vacuity, NoSiteIsVacuous) {
  Record record = with_a_profile();
  record.patches[0].sites_applied = 0;
  expect_verdict(record, "VACUOUS", kVacuous);
  EXPECT_THAT(judge(record).sentence, HasSubstr("no patch applied"));
}

TEST(Vacuity, AppliedButNeverCalledIsVacuous) {
  Record record = with_a_profile();
  record.patches[0].calls = 0;
  expect_verdict(record, "VACUOUS", kVacuous);
  EXPECT_THAT(judge(record).sentence, HasSubstr("no fused kernel was called"));
}

TEST(Vacuity, OneUncalledPatchIsVacuousOnlyWhereAskedForByName) {
  Record record = example_record();
  record.options.patches.emplace_back("down_combine");
  record.patches.push_back({"down_combine", "bit_exact", true, 0, 0, {}});
  expect_verdict(record, "VACUOUS", kVacuous);
  record.options.patches_by_name = false;
  record.patches[1].requested_by_name = false;
  expect_verdict(record, "EXACT", kPass);
}

TEST(Vacuity, APatchAskedForByNameButNeverTriedIsVacuous) {
  Record record = example_record();
  record.options.patches.emplace_back("down_combine");
  expect_verdict(record, "VACUOUS", kVacuous);
  EXPECT_THAT(judge(record).sentence, HasSubstr("down_combine"));
}

}  // namespace
}  // namespace fidelio::testing
