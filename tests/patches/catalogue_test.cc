// The catalogue, profiles, and the list that --patches takes.
#include "patches/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/ops.h"
#include "tests/support/user_error.h"

namespace fidelio {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string error_of(const std::string& list) {
  return testing::user_error_of([&] { (void)parse_patch_list(list); });
}

TEST(Catalogue, EveryPatchIsNamedAfterTheFusedOpItWrites) {
  std::set<std::string_view> fused;
  for (const OpInfo& op : all_ops()) {
    if (op.fused) fused.insert(op.name);
  }
  std::set<std::string_view> named;
  for (const Patch* patch : all_patches()) named.insert(patch->name);
  EXPECT_EQ(named, fused);
}

TEST(Catalogue, FindsPatchesByName) {
  EXPECT_EQ(find_patch("down_combine"), &kDownCombine);
  EXPECT_EQ(find_patch("down"), nullptr);
}

TEST(Catalogue, ListsComeInTheCataloguesOrderEachPatchOnce) {
  EXPECT_THAT(parse_patch_list("down_combine, router_topk,down_combine"),
              ElementsAre(&kRouterTopk, &kDownCombine));
  EXPECT_THAT(parse_patch_list("add_rms_norm,moe"),
              ElementsAre(&kRouterTopk, &kGateUpSwiglu, &kDownCombine, &kAddRmsNorm));
}

TEST(Catalogue, ProfilesNameSets) {
  EXPECT_THAT(parse_patch_list("all"),
              ElementsAre(&kRouterTopk, &kGateUpSwiglu, &kDownCombine, &kAddRmsNorm));
  EXPECT_THAT(parse_patch_list("none"), IsEmpty());
  EXPECT_THAT(parse_patch_list("moe"), ElementsAre(&kRouterTopk, &kGateUpSwiglu, &kDownCombine));
  EXPECT_THAT(parse_patch_list("int8"), ElementsAre(&kGatherMatmulInt8));
  EXPECT_THAT(parse_patch_list("int16"), ElementsAre(&kGatherMatmulInt16));
}

TEST(Catalogue, WhatApproximatesIsRunOnlyWhenItIsNamed) {
  for (const Profile& profile : all_profiles()) {
    for (const Patch* patch : profile.patches) {
      const bool named = patch->name == "gather_matmul_" + std::string(profile.name);
      EXPECT_EQ(patch->numerics == Numerics::approximate, named) << profile.name;
    }
  }
}

TEST(Catalogue, ApproximatePatchesDeclareWhereTheyRoundAndOthersDoNot) {
  int approximate = 0;
  for (const Patch* patch : all_patches()) {
    const bool rounds = patch->numerics == Numerics::approximate;
    EXPECT_EQ(patch->rounding.empty(), !rounds) << patch->name;
    EXPECT_EQ(rounding_texts(*patch).size(), patch->rounding.size());
    approximate += rounds ? 1 : 0;
  }
  EXPECT_EQ(approximate, 2);
}

TEST(Catalogue, RoundingPointsPrintTheirArithmetic) {
  EXPECT_THAT(rounding_texts(kGatherMatmulInt8),
              ElementsAre("x: int8 per 32, scale amax/127, round to even"));
  EXPECT_THAT(rounding_texts(kGatherMatmulInt16),
              ElementsAre("x: int16 per 32, scale amax/32767, round to even"));
  EXPECT_THAT(rounding_texts(kDownCombine), IsEmpty());
}

TEST(Catalogue, ListsPrintAsTheyParse) {
  for (const char* list : {"none", "router_topk", "gate_up_swiglu,add_rms_norm"}) {
    EXPECT_EQ(patch_list_text(parse_patch_list(list)), list);
  }
}

TEST(Catalogue, UnknownNamesGetTheNearest) {
  EXPECT_THAT(error_of("gate_up_swigly"), HasSubstr("did you mean \"gate_up_swiglu\"?"));
  EXPECT_THAT(error_of("mow"), HasSubstr("did you mean \"moe\"?"));
  EXPECT_THAT(error_of("router_topk,,moe"), HasSubstr("no patch or profile \"\""));
  EXPECT_THAT(error_of(""), HasSubstr("there are all, none, moe, int8, int16, router_topk"));
  EXPECT_THAT(error_of("none,moe"), HasSubstr("stands alone"));
}

TEST(Catalogue, ReasonsHaveDistinctNames) {
  std::set<std::string_view> ids;
  for (const Reason reason : all_reasons()) ids.insert(reason_id(reason));
  EXPECT_EQ(ids.size(), all_reasons().size());
}

}  // namespace
}  // namespace fidelio
