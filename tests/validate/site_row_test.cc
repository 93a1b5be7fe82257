// The measures of the site test, by hand.
#include "validate/fidelity/site_row.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace fidelio {
namespace {

using ::testing::ElementsAre;

TEST(Comparable, PutsFloatsSideBySide) {
  EXPECT_THAT(comparable({{1, 2}, {3}}, {}, 0), ElementsAre(1, 2, 3));
}

TEST(Comparable, SpreadsRoutingWeightsOverExperts) {
  const std::vector<std::int32_t> ids = {3, 1};
  EXPECT_THAT(comparable({{0.75, 0.25}}, ids, 4), ElementsAre(0, 0.25, 0, 0.75));
}

TEST(Comparable, DoesNotMindTheOrderOfExperts) {
  const std::vector<std::int32_t> one = {3, 1};
  const std::vector<std::int32_t> other = {1, 3};
  EXPECT_EQ(comparable({{0.75, 0.25}}, one, 4), comparable({{0.25, 0.75}}, other, 4));
  EXPECT_NE(comparable({{0.75, 0.25}}, one, 4), comparable({{0.75, 0.25}}, other, 4));
}

TEST(ErrorNorm, PoolsRowsBeforeItDivides) {
  ErrorNorm norm;
  norm.add({3, 4}, {0, 4});
  norm.add({3, 0}, {3, 0});
  EXPECT_DOUBLE_EQ(norm.value(), 3.0 / 5.0);
  EXPECT_DOUBLE_EQ(norm.typical_row(), std::sqrt(12.5));
}

TEST(ErrorNorm, OfNothingIsNothingAndOfSomethingAgainstNothingEverything) {
  EXPECT_EQ(ErrorNorm().value(), 0);
  ErrorNorm norm;
  norm.add({0}, {0});
  EXPECT_EQ(norm.value(), 0);
  norm.add({1e-9}, {0});
  EXPECT_TRUE(std::isinf(norm.value()));
}

TEST(ErrorNorm, KeepsNaN) {
  ErrorNorm norm;
  norm.add({std::nan(""), 1}, {1, 1});
  EXPECT_TRUE(std::isnan(norm.value()));
  EXPECT_TRUE(std::isnan(row_error({std::nan("")}, {1}, 1)));
}

TEST(RowError, IsOfTheTypicalRowWhereTheRowNearlyCancels) {
  EXPECT_DOUBLE_EQ(row_error({2}, {1}, 0.5), 1);
  EXPECT_DOUBLE_EQ(row_error({0.002}, {0.001}, 0.5), 0.002);
}

TEST(ChoiceOf, KnowsTiesFromWrongExperts) {
  const std::vector<float> logits = {0.5F, 2.0F, 1.0F, 1.0F, 1.0000002F};
  const auto choice = [&](std::vector<std::int32_t> a, std::vector<std::int32_t> b) {
    return choice_of(logits, a, b);
  };
  EXPECT_EQ(choice({1, 4}, {4, 1}), Choice::same);
  EXPECT_EQ(choice({1, 2}, {1, 3}), Choice::tie);
  EXPECT_EQ(choice({1, 4}, {1, 2}), Choice::tie);
  EXPECT_EQ(choice({1, 4}, {1, 0}), Choice::wrong);
  EXPECT_EQ(choice({1, 4}, {1, 1}), Choice::wrong);  // one expert twice
}

}  // namespace
}  // namespace fidelio
