// How much a sequence proves: 4-grams, loops, margins.
#include "validate/evidence.h"

#include <gtest/gtest.h>

#include <vector>

namespace fidelio {
namespace {

std::vector<std::int32_t> counting(std::int32_t n) {
  std::vector<std::int32_t> ids;
  for (std::int32_t i = 0; i < n; ++i) ids.push_back(i);
  return ids;
}

TEST(Distinct4Grams, AreAllOfACountAndOneOfAConstant) {
  EXPECT_EQ(distinct_4gram_share(counting(100)), 1.0);
  const std::vector<std::int32_t> constant(103, 7);
  EXPECT_EQ(distinct_4gram_share(constant), 0.01);
}

TEST(LoopStart, IsWhereTheRepetitionBegins) {
  std::vector<std::int32_t> ids = counting(20);
  for (int i = 0; i < 60; ++i) ids.push_back(100 + i % 3);
  EXPECT_EQ(loop_start(ids), 20);
}

TEST(LoopStart, IsAbsentWhereNothingRepeatsToTheEnd) {
  EXPECT_EQ(loop_start(counting(100)), std::nullopt);
  std::vector<std::int32_t> ids(60, 1);
  ids.push_back(2);
  EXPECT_EQ(loop_start(ids), std::nullopt);
}

TEST(SmallMargin, IsOneBelowAThousandthOfTheLargest) {
  EXPECT_TRUE(has_small_margin(std::vector<float>{10.0F, 9.995F, -3.0F}));
  EXPECT_FALSE(has_small_margin(std::vector<float>{10.0F, 9.9F, -3.0F}));
}

}  // namespace
}  // namespace fidelio
