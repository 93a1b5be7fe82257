// Edit distances against hand-counted ones, and where suggestions stop.
#include "core/nearest_name.h"

#include <gtest/gtest.h>

#include <vector>

namespace fidelio {
namespace {

const std::vector<std::string> kPatches = {"add_rms_norm", "down_combine", "gate_up_swiglu",
                                           "router_topk"};

TEST(NearestName, CountsEachKindOfEditOnce) {
  EXPECT_EQ(edit_distance("topk", "topk"), 0U);
  EXPECT_EQ(edit_distance("topk", "topks"), 1U);
  EXPECT_EQ(edit_distance("topk", "top"), 1U);
  EXPECT_EQ(edit_distance("topk", "tapk"), 1U);
  EXPECT_EQ(edit_distance("topk", "tokp"), 1U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("ca", "abc"), 3U);  // 2 only if a byte may be edited twice
}

TEST(NearestName, IsTheNearestCandidate) {
  EXPECT_EQ(nearest_name("gate_up_swigul", kPatches), "gate_up_swiglu");
  EXPECT_EQ(nearest_name("router-topk", kPatches), "router_topk");
  EXPECT_EQ(nearest_name("down_combine", kPatches), "down_combine");
}

TEST(NearestName, IsNoneForSomethingElse) {
  EXPECT_EQ(nearest_name("flash_attention", kPatches), std::nullopt);
  EXPECT_EQ(nearest_name("", kPatches), std::nullopt);
  EXPECT_EQ(nearest_name("router_topk", {}), std::nullopt);
  EXPECT_EQ(nearest_name(std::string(100'000, 'a'), kPatches), std::nullopt);
}

TEST(NearestName, DoesNotSuggestAnEntirelyDifferentShortName) {
  EXPECT_EQ(nearest_name("x", std::vector<std::string>{"y"}), std::nullopt);
}

TEST(NearestName, EndsAMessageWithASuggestionOrNothing) {
  EXPECT_EQ(did_you_mean("add_rmsnorm", kPatches), "; did you mean \"add_rms_norm\"?");
  EXPECT_EQ(did_you_mean("quantise", kPatches), "");
}

}  // namespace
}  // namespace fidelio
