// linear, norms, attention, softmax and element-wise kernels: every vector target and thread count
// against the scalar specification bit for bit, with controls that show the comparison can fail.
#include <cmath>
#include <limits>

#include "kernels/contract.h"
#include "tests/kernels/on_every_target.h"
#include "tests/support/random_weights.h"

namespace fidelio::testing {
namespace {

struct LinearCase {
  WeightFormat format;
  std::size_t cols;
  std::uint32_t group_size = 64;
  ScaleType scale_type = ScaleType::bf16;
};

class LinearBits : public ::testing::TestWithParam<LinearCase> {};

TEST_P(LinearBits, EveryTargetEveryMEveryThreadCount) {
  const LinearCase& c = GetParam();
  const RandomWeights w = random_weights(c.format, 37, c.cols, 11, c.group_size, c.scale_type);
  const std::vector<float> x = random_floats(101 * c.cols, 12);
  for (const std::size_t n_tokens : {1UL, 2UL, 3UL, 7UL, 97UL}) {
    expect_reference_bits_everywhere([&](const KernelTable& table, std::size_t threads) {
      std::vector<float> y(n_tokens * w.view.rows, -1.0F);
      run_shares(table.linear, LinearArgs{w.view, x.data(), y.data(), n_tokens}, threads);
      return y;
    });
  }
}

INSTANTIATE_TEST_SUITE_P(
    Formats, LinearBits,
    ::testing::Values(LinearCase{WeightFormat::f32, 43}, LinearCase{WeightFormat::f32, 172},
                      LinearCase{WeightFormat::f32, 1}, LinearCase{WeightFormat::f32, 1040},
                      LinearCase{WeightFormat::bf16, 100}, LinearCase{WeightFormat::f16, 65},
                      LinearCase{WeightFormat::affine4, 192, 64},
                      LinearCase{WeightFormat::affine4, 32, 32},
                      LinearCase{WeightFormat::affine4, 2176, 64, ScaleType::f16},
                      LinearCase{WeightFormat::affine4, 1152, 128, ScaleType::f32},
                      LinearCase{WeightFormat::affine8, 160, 32},
                      LinearCase{WeightFormat::affine8, 1088, 64},
                      LinearCase{WeightFormat::affine8, 384, 128, ScaleType::f16}));

TEST(LinearBits, TheComparisonSeesAMultiplyThenAdd) {
  const RandomWeights w = random_weights(WeightFormat::f32, 64, 256, 1);
  const std::vector<float> x = random_floats(256, 2);
  std::vector<float> fused(64);
  std::vector<float> unfused(64);

  linear_ref({w.view, x.data(), fused.data(), 1}, Share{});
  for (std::size_t r = 0; r < 64; ++r) {
    float lanes[16] = {};
    for (std::size_t k = 0; k < 256; ++k)
      lanes[k % 16] += contract::weight_value(w.view, r, k) * x[k];
    unfused[r] = contract::reduce_lanes(lanes);
  }

  EXPECT_THAT(unfused, ::testing::Not(SameBitsAs(fused)));
}

TEST(Linear, IsNearTheDoubleProduct) {
  const RandomWeights w = random_weights(WeightFormat::affine4, 8, 512, 5);
  const std::vector<float> x = random_floats(512, 6);
  std::vector<float> y(8);

  linear_ref({w.view, x.data(), y.data(), 1}, Share{});

  for (std::size_t r = 0; r < 8; ++r) {
    double truth = 0;
    double magnitude = 0;
    for (std::size_t k = 0; k < 512; ++k) {
      const double term =
          static_cast<double>(contract::weight_value(w.view, r, k)) * static_cast<double>(x[k]);
      truth += term;
      magnitude += std::abs(term);
    }
    EXPECT_NEAR(static_cast<double>(y[r]), truth,
                40 * 0x1p-24 * magnitude);  // 32 steps a lane and 4 tree levels
  }
}

TEST(Linear, PropagatesNaNAndReadsNothingBeyondTheRows) {
  RandomWeights w = random_weights(WeightFormat::f32, 3, 43, 5);
  std::vector<float> x = random_floats(43, 6);
  x[42] = std::numeric_limits<float>::quiet_NaN();
  for (const std::string& target : kernel_targets()) {
    std::vector<float> y(3);
    kernels_for(target).linear({w.view, x.data(), y.data(), 1}, Share{});
    for (const float v : y) EXPECT_TRUE(std::isnan(v)) << target;
  }
}

TEST(RmsNormBits, EveryTargetAroundTheVectorWidths) {
  for (const std::size_t size : {1UL, 7UL, 8UL, 15UL, 16UL, 17UL, 64UL, 192UL, 2880UL}) {
    const std::vector<float> x = random_floats(5 * size, 21);
    const std::vector<float> weight = random_floats(size, 22);
    expect_reference_bits_everywhere([&](const KernelTable& table, std::size_t threads) {
      std::vector<float> y(5 * size);
      run_shares(table.rms_norm, RmsNormArgs{x.data(), weight.data(), y.data(), 5, size, 1e-5F},
                 threads);
      return y;
    });
  }
}

TEST(RmsNorm, HasMeanSquareOneBeforeTheWeight) {
  const std::vector<float> x = random_floats(256, 1, 100.0F);
  const std::vector<float> ones(256, 1.0F);
  std::vector<float> y(256);

  rms_norm_ref({x.data(), ones.data(), y.data(), 1, 256, 1e-6F}, Share{});

  double squares = 0;
  for (const float v : y) squares += static_cast<double>(v) * static_cast<double>(v);
  EXPECT_NEAR(squares / 256, 1.0, 1e-6);
}

TEST(SoftmaxBits, EveryTargetAroundTheVectorWidths) {
  for (const std::size_t size : {1UL, 4UL, 8UL, 15UL, 16UL, 33UL, 128UL}) {
    const std::vector<float> x = random_floats(6 * size, 31, 20.0F);
    expect_reference_bits_everywhere([&](const KernelTable& table, std::size_t threads) {
      std::vector<float> y(6 * size);
      run_shares(table.softmax, RowsArgs{x.data(), y.data(), 6, size}, threads);
      return y;
    });
  }
}

TEST(SiluBits, EveryTargetAroundTheVectorWidths) {
  for (const std::size_t n : {1UL, 15UL, 16UL, 17UL, 1000UL}) {
    const std::vector<float> x = random_floats(n, 41, 90.0F);
    expect_reference_bits_everywhere([&](const KernelTable& table, std::size_t threads) {
      std::vector<float> y(n);
      run_shares(table.silu, ActivationArgs{x.data(), y.data(), n}, threads);
      return y;
    });
  }
}

TEST(AddRmsNormBits, EveryTargetGivesTheBitsOfAddThenNorm) {
  for (const std::size_t size : {3UL, 16UL, 50UL, 192UL}) {
    const std::vector<float> a = random_floats(4 * size, 51);
    const std::vector<float> b = random_floats(4 * size, 52);
    const std::vector<float> weight = random_floats(size, 53);
    std::vector<float> unfused(8 * size);
    add_ref({a.data(), b.data(), unfused.data(), 4 * size}, Share{});
    rms_norm_ref({unfused.data(), weight.data(), unfused.data() + 4 * size, 4, size, 1e-6F},
                 Share{});
    const auto fused = [&](const KernelTable& table, std::size_t threads) {
      std::vector<float> y(8 * size);
      const AddRmsNormArgs args{a.data(), b.data(), weight.data(), y.data(), y.data() + 4 * size,
                                4,        size,     1e-6F};
      run_shares(table.add_rms_norm, args, threads);
      return y;
    };
    EXPECT_THAT(fused(ref_kernels(), 1), SameBitsAs(unfused));
    expect_reference_bits_everywhere(fused);
  }
}

struct AttentionCase {
  std::size_t heads;
  std::size_t kv_heads;
  std::size_t head_dim;
};

class AttentionBits : public ::testing::TestWithParam<AttentionCase> {};

std::vector<float> attend(const AttentionCase& c, const KernelTable& table, std::size_t threads,
                          std::size_t n_tokens, std::size_t context, std::size_t window = 0) {
  const std::size_t capacity = (context + 15) / 16 * 16;
  std::vector<float> keys(c.kv_heads * capacity * c.head_dim);
  std::vector<float> values(keys.size());
  const KvCacheView cache{keys.data(), values.data(), capacity, c.kv_heads, c.head_dim};
  std::vector<std::int32_t> positions(context);
  for (std::size_t p = 0; p < context; ++p) positions[p] = static_cast<std::int32_t>(p);
  const std::vector<float> k = random_floats(context * c.kv_heads * c.head_dim, 61, 2.0F);
  const std::vector<float> v = random_floats(k.size(), 62);
  run_shares(table.kv_append, KvAppendArgs{k.data(), v.data(), cache, positions.data(), context},
             threads);
  const std::vector<float> q = random_floats(n_tokens * c.heads * c.head_dim, 63, 2.0F);
  std::vector<float> y(q.size());
  AttentionArgs args{q.data(), y.data(), cache, positions.data() + context - n_tokens,
                     n_tokens, c.heads,  0.35F, window};
  run_shares(table.attention, args, threads, attention_workspace_bytes(capacity));
  return y;
}

TEST_P(AttentionBits, EveryTargetEveryContext) {
  for (const std::size_t context : {3UL, 16UL, 17UL, 100UL}) {
    for (const std::size_t n_tokens : {1UL, 3UL}) {
      expect_reference_bits_everywhere([&](const KernelTable& table, std::size_t threads) {
        return attend(GetParam(), table, threads, n_tokens, context);
      });
    }
  }
}

TEST_P(AttentionBits, EveryTargetEveryWindow) {
  for (const std::size_t window : {1UL, 15UL, 16UL, 17UL, 40UL, 99UL, 100UL, 101UL}) {
    expect_reference_bits_everywhere([&](const KernelTable& table, std::size_t threads) {
      return attend(GetParam(), table, threads, 3, 100, window);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, AttentionBits,
                         ::testing::Values(AttentionCase{8, 4, 8}, AttentionCase{6, 2, 32},
                                           AttentionCase{5, 1, 64}, AttentionCase{8, 1, 128},
                                           AttentionCase{2, 2, 6}, AttentionCase{4, 1, 20}));

TEST(Attention, OfOnePositionIsItsValue) {
  const AttentionCase c{2, 1, 8};
  const std::vector<float> y = attend(c, ref_kernels(), 1, 1, 1);
  const std::vector<float> v = random_floats(8, 62);
  for (std::size_t d = 0; d < 8; ++d) EXPECT_EQ(y[d], v[d]);
}

TEST(Attention, ThroughAWindowOfOneIsTheTokensOwnValue) {
  const AttentionCase c{2, 1, 8};
  const std::vector<float> y = attend(c, ref_kernels(), 1, 1, 20, 1);
  const std::vector<float> v = random_floats(20 * 8, 62);
  for (std::size_t d = 0; d < 8; ++d) EXPECT_EQ(y[d], v[19 * 8 + d]);
}

TEST(Attention, AWindowChangesOnlyWhatItHides) {
  const AttentionCase c{4, 2, 8};
  const std::vector<float> all = attend(c, ref_kernels(), 1, 1, 30);
  EXPECT_THAT(attend(c, ref_kernels(), 1, 1, 30, 30), SameBitsAs(all));
  EXPECT_THAT(attend(c, ref_kernels(), 1, 1, 30, 29), ::testing::Not(SameBitsAs(all)));
}

TEST(AddBias, AddsTheBiasToEveryRow) {
  const float x[6] = {1, 2, 3, 4, 5, 6};
  const float bias[3] = {10, -20, 0.5F};
  float y[6];

  for (std::size_t t = 0; t < 2; ++t) add_bias_ref({x, bias, y, 2, 3}, Share{t, 2});

  EXPECT_THAT(y, ::testing::ElementsAre(11, -18, 3.5F, 14, -15, 6.5F));
}

TEST(TopK, OrdersStrongestFirstTiesToTheLowerIdAndShowsNaN) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float x[6] = {1.0F, 3.0F, 2.0F, 3.0F, nan, -1.0F};
  float values[4];
  std::int32_t ids[4];

  top_k_ref({x, values, ids, 1, 6, 4}, Share{});

  EXPECT_THAT(ids, ::testing::ElementsAre(4, 1, 3, 2));
  EXPECT_TRUE(std::isnan(values[0]));
  EXPECT_EQ(values[3], 2.0F);
}

TEST(TopK, OfAllExpertsSortsThem) {
  const float x[4] = {0.0F, -0.0F, 5.0F, -2.0F};
  float values[4];
  std::int32_t ids[4];

  top_k_ref({x, values, ids, 1, 4, 4}, Share{});

  EXPECT_THAT(ids, ::testing::ElementsAre(2, 0, 1, 3));
}

}  // namespace
}  // namespace fidelio::testing
