// The site test at its limits: each figure that fails it, and a twin that just does not.
#include "capsules/site_rules.h"

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

constexpr double kEpsilon = 0x1p-23;

TEST(SiteRules, RoundedSitesHold) { expect_verdict(rounded_record(), "TOKEN_EXACT", kPass); }

TEST(SiteRules, ADifferingRowOfABitExactSiteIsBrokenAndNamed) {
  Record record = rounded_record();
  SiteRecord& site = record.sites[3];
  site.patch = "down_combine";
  site.op = "down_combine";
  site.site = "x";
  site.numerics = "bit_exact";
  site.rows = 400;
  site.differing_rows = 0;
  site.first_difference.reset();
  expect_verdict(record, "TOKEN_EXACT", kPass);

  site.differing_rows = 12;
  site.first_difference = SitePointRecord{0, 1, 17};
  expect_verdict(record, "BROKEN", kFidelity);
  EXPECT_EQ(judge(record).sentence,
            "layer 3 %x (down_combine by patch down_combine, bit_exact): 12 of 400 rows differ on "
            "the same inputs, first at token 17 of prompt 0 in steps of 1");
}

TEST(SiteRules, ANodeWithoutAPatchMustBeBitExactWhateverItSays) {
  Record record = rounded_record();
  record.sites[3].patch = "";
  expect_verdict(record, "BROKEN", kFidelity);
  EXPECT_THAT(judge(record).sentence, HasSubstr("no patch here"));
}

TEST(SiteRules, ASiteCannotExcuseItselfByAnotherClassThanItsPatchs) {
  Record record = example_record();
  record.sites[1].numerics = "reassociated";
  expect_verdict(record, "EXACT", kPass);
  record.sites[1].differing_rows = 1;
  expect_verdict(record, "BROKEN", kFidelity);

  record = rounded_record();
  record.sites[1].patch = "unheard_of";
  expect_verdict(record, "BROKEN", kFidelity);
}

TEST(SiteRules, AFirstDifferenceWithoutACountIsOne) {
  Record record = example_record();
  record.sites[0].first_difference = SitePointRecord{1, 2, 3};
  expect_verdict(record, "BROKEN", kFidelity);
}

TEST(SiteRules, ABitExactSiteThatDiffersIsBrokenThoughNoLogitDoes) {
  Record record = example_record();
  expect_verdict(record, "EXACT", kPass);
  record.sites[1].differing_rows = 1;
  expect_verdict(record, "BROKEN", kFidelity);
}

TEST(SiteRules, ThePooledErrorMayReachItsLimitAndNotExceedIt) {
  Record record = rounded_record();
  SiteRecord& site = record.sites[2];
  site.e_patched = 2 * site.e_naive + kEpsilon;  // the larger of both
  expect_verdict(record, "TOKEN_EXACT", kPass);
  site.e_patched = above(site.e_patched);
  expect_verdict(record, "BROKEN", kFidelity);
  EXPECT_THAT(judge(record).sentence,
              AllOf(HasSubstr("layer 2 %l2.swiglu (gate_up_swiglu by patch gate_up_swiglu, "
                              "reassociated)"),
                    HasSubstr("over 64 rows"), HasSubstr("token 17 of prompt 0")));
}

TEST(SiteRules, TheLimitIsThatOfTheBaselineWhereItIsWorseThanNaive) {
  Record record = rounded_record();
  SiteRecord& site = record.sites[2];
  site.e_baseline = 1e-3;
  site.e_patched = 2e-3 + kEpsilon;
  expect_verdict(record, "TOKEN_EXACT", kPass);
  site.e_patched = above(site.e_patched);
  expect_verdict(record, "BROKEN", kFidelity);
}

TEST(SiteRules, TheWorstRowMayReachItsLimitAndNotExceedIt) {
  Record record = rounded_record();
  SiteRecord& site = record.sites[2];
  site.worst_e_patched = kFarthestRow * (2 * site.worst_e_naive + kEpsilon);
  expect_verdict(record, "TOKEN_EXACT", kPass);
  site.worst_e_patched = above(site.worst_e_patched);
  expect_verdict(record, "BROKEN", kFidelity);
  EXPECT_THAT(judge(record).sentence, HasSubstr("in one row"));
}

TEST(SiteRules, AWorstRowIsAlsoHeldToThePooledError) {
  Record record = rounded_record();
  SiteRecord& site = record.sites[2];
  site.worst_e_baseline = site.worst_e_naive = 0;  // luck: the row is exact in both
  site.worst_e_patched = kFarthestRow * (2 * site.e_naive + kEpsilon);
  expect_verdict(record, "TOKEN_EXACT", kPass);
  site.worst_e_patched = above(site.worst_e_patched);
  expect_verdict(record, "BROKEN", kFidelity);
}

TEST(SiteRules, AnExactReferenceLeavesOneRounding) {
  Record record = rounded_record();
  SiteRecord& site = record.sites[2];
  site.e_baseline = site.e_naive = site.worst_e_baseline = site.worst_e_naive = 0;
  site.e_patched = site.worst_e_patched = kEpsilon;
  expect_verdict(record, "TOKEN_EXACT", kPass);
}

TEST(SiteRules, OneWrongExpertRowIsBroken) {
  Record record = rounded_record();
  record.sites[2].wrong_expert_rows = 1;
  expect_verdict(record, "BROKEN", kFidelity);
  EXPECT_THAT(judge(record).sentence, HasSubstr("wrong experts in 1 of 128 rows"));
}

TEST(SiteRules, AFigureThatIsNoFiniteNumberFails) {
  for (double SiteRecord::*figure :
       {&SiteRecord::e_baseline, &SiteRecord::e_naive, &SiteRecord::e_patched,
        &SiteRecord::worst_e_baseline, &SiteRecord::worst_e_naive, &SiteRecord::worst_e_patched}) {
    for (const double value : {std::nan(""), std::numeric_limits<double>::infinity()}) {
      Record record = rounded_record();
      record.sites[1].*figure = value;
      expect_verdict(record, "BROKEN", kFidelity);
    }
  }
}

TEST(SiteRules, AnApproximateSiteIsHeldToItsDeclaredRounding) {
  Record record = approximate_record();
  expect_verdict(record, "APPROXIMATE", kPass);
  record.sites[2].e_patched = above(2 * record.sites[2].e_naive + kEpsilon);
  expect_verdict(record, "BROKEN", kFidelity);
}

TEST(NearerSites, CountsThoseThatWereSampled) {
  Record record = rounded_record();
  EXPECT_EQ(nearer_sites_text(record), "3 of 4 sites nearer to the truth than the baseline");
  record.sites[0].e_patched = 0;
  EXPECT_EQ(nearer_sites_text(record), "all 4 sites nearer to the truth than the baseline");
  record.sites[1].sampled_rows = 0;
  EXPECT_EQ(nearer_sites(record).sampled, 3);
  EXPECT_EQ(nearer_sites_text(example_record()), "no site was held to the truth");
}

}  // namespace
}  // namespace fidelio::testing
