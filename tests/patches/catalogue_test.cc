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
  EXPECT_THAT(parse_patch_list("all"), ::testing::ElementsAreArray(all_patches()));
  EXPECT_THAT(parse_patch_list("none"), IsEmpty());
  EXPECT_THAT(parse_patch_list("moe"), ElementsAre(&kRouterTopk, &kGateUpSwiglu, &kDownCombine));
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
  EXPECT_THAT(error_of(""), HasSubstr("there are all, none, moe, router_topk"));
  EXPECT_THAT(error_of("none,moe"), HasSubstr("stands alone"));
}

TEST(Catalogue, ReasonsHaveDistinctNames) {
  std::set<std::string_view> ids;
  for (const Reason reason : all_reasons()) ids.insert(reason_id(reason));
  EXPECT_EQ(ids.size(), all_reasons().size());
}

}  // namespace
}  // namespace fidelio
