// Sources of parameters taken apart, and what is no source.
#include "core/tensor_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fidelio {
namespace {

TEST(TensorSource, IsAPath) {
  EXPECT_EQ(parse_tensor_source("model.layers.0.mlp.experts.*.up_proj"),
            (TensorSource{"model.layers.0.mlp.experts.*.up_proj", false, {}}));
}

TEST(TensorSource, MayTakeEveryNthRow) {
  const auto source = parse_tensor_source("experts.gate_up_proj[1::2]");

  EXPECT_EQ(source, (TensorSource{"experts.gate_up_proj", false, {2, 1, true}}));
  EXPECT_EQ(source->rows.first(100), 1);
  EXPECT_EQ(source->rows.step(), 2);
}

TEST(TensorSource, MayTakeOneHalfOfTheRows) {
  const auto lower = parse_tensor_source("gate_up_proj[:half]");
  const auto upper = parse_tensor_source("gate_up_proj[half:]");

  EXPECT_EQ(lower, (TensorSource{"gate_up_proj", false, {2, 0, false}}));
  EXPECT_EQ(upper, (TensorSource{"gate_up_proj", false, {2, 1, false}}));
  EXPECT_EQ(upper->rows.first(100), 100);
  EXPECT_EQ(upper->rows.step(), 1);
}

TEST(TensorSource, MayBeTransposed) {
  EXPECT_EQ(parse_tensor_source("down_proj.T"), (TensorSource{"down_proj", true, {}}));
  EXPECT_EQ(parse_tensor_source("gate_up_proj.T[0::2]"),
            (TensorSource{"gate_up_proj", true, {2, 0, true}}));
}

TEST(TensorSource, NamesEachExpert) {
  const TensorSource source = *parse_tensor_source("experts.*.w1");

  EXPECT_TRUE(source.per_expert());
  EXPECT_EQ(source.of_expert(12).path, "experts.12.w1");
  EXPECT_FALSE(source.of_expert(12).per_expert());
  EXPECT_EQ(parse_tensor_source("experts.w1")->of_expert(12).path, "experts.w1");
}

TEST(TensorSource, IsNothingElse) {
  for (const char* text :
       {"",          ".T",        "[0::2]",        "a[",        "a]",       "a[]",
        "a[0::2",    "a[0:2]",    "a[0::1]",       "a[2::2]",   "a[-1::2]", "a[0::-2]",
        "a[0::100]", "a[::2]",    "a[0::2][0::2]", "a[0::2].T", "a[half]",  "a[ 0::2]",
        "a[0::2 ]",  "a[0x0::2]", "a[:half:]",     "a:b"}) {
    EXPECT_EQ(parse_tensor_source(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace fidelio
