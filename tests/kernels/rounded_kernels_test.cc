// gather_matmul_int8 and gather_matmul_int16: every target against the scalar specification bit for
// bit, the specification against round_rows and exact sums, and each comparison's twin.
#include <cmath>
#include <functional>
#include <limits>

#include "kernels/contract.h"
#include "kernels/rounding.h"
#include "tests/kernels/expert_stack.h"
#include "tests/kernels/guarded_bytes.h"
#include "tests/kernels/on_every_target.h"

namespace fidelio::testing {
namespace {

constexpr Rounding kRoundings[] = {Rounding::int8_per_32, Rounding::int16_per_32};

GatherMatmulFn kernel(const KernelTable& table, Rounding rounding) {
  return rounding == Rounding::int8_per_32 ? table.gather_matmul_int8 : table.gather_matmul_int16;
}

/// Activations as models have them: blocks of very different size, one of them zero.
std::vector<float> uneven_floats(std::size_t n, std::uint32_t seed) {
  std::vector<float> x = random_floats(n, seed);
  for (std::size_t i = 0; i < n; ++i) {
    const float sizes[5] = {1.0F, 1e-3F, 40.0F, 0.0F, 0.2F};
    x[i] *= sizes[i / 32 % 5];
  }
  return x;
}

struct Call {
  const std::vector<WeightView>& experts;
  const std::vector<float>& x;
  bool x_per_slot = false;
  std::size_t n_tokens = 1;
  std::size_t top_k = 1;
};

std::vector<float> products(GatherMatmulFn fn, const Call& c, std::size_t threads = 1) {
  const WeightView& w = c.experts[0];
  const std::vector<std::int32_t> ids = c.experts.size() == 1
                                            ? std::vector<std::int32_t>(c.n_tokens * c.top_k, 0)
                                            : make_ids(c.n_tokens, c.top_k);
  std::vector<float> y(ids.size() * w.rows, -1.0F);
  const GatherMatmulArgs args{c.experts.data(), c.experts.size(), c.x.data(), c.x_per_slot,
                              ids.data(),       y.data(),         c.n_tokens, c.top_k};
  run_shares(fn, args, threads,
             gather_matmul_rounded_workspace_bytes(w, c.n_tokens, c.top_k, c.experts.size(),
                                                   c.x_per_slot));
  return y;
}

struct RoundedCase {
  WeightFormat format;
  std::uint32_t group_size;
  ScaleType scale_type;
  std::size_t out;
  std::size_t in;
};

class RoundedBits : public ::testing::TestWithParam<RoundedCase> {
 protected:
  std::vector<WeightView> experts() {
    const RoundedCase& c = GetParam();
    for (std::uint32_t e = 0; e < kExperts; ++e)
      owned.push_back(random_weights(c.format, c.out, c.in, 10 * e, c.group_size, c.scale_type));
    std::vector<WeightView> views;
    for (const RandomWeights& w : owned) views.push_back(w.view);
    return views;
  }
  std::deque<RandomWeights> owned;
};

TEST_P(RoundedBits, EveryTargetGivesTheBitsOfTheReference) {
  const std::vector<WeightView> views = experts();
  for (const Rounding rounding : kRoundings) {
    for (const std::size_t n_tokens : {1UL, 2UL, 9UL, 33UL}) {
      for (const bool x_per_slot : {false, true}) {
        const std::vector<float> x =
            uneven_floats(n_tokens * (x_per_slot ? 3 : 1) * GetParam().in, 7);
        expect_reference_bits_everywhere([&](const KernelTable& table, std::size_t threads) {
          return products(kernel(table, rounding), {views, x, x_per_slot, n_tokens, 3}, threads);
        });
      }
    }
  }
}

TEST_P(RoundedBits, AnotherRoundingHasOtherBits) {
  const std::vector<WeightView> views = experts();
  const std::vector<float> x = uneven_floats(GetParam().in, 7);
  const std::vector<float> int8 = products(gather_matmul_int8_ref, {views, x});

  EXPECT_THAT(products(gather_matmul_int16_ref, {views, x}), ::testing::Not(SameBitsAs(int8)));
  EXPECT_THAT(products(gather_matmul_ref, {views, x}), ::testing::Not(SameBitsAs(int8)));
}

/// The value of a weight without rounding, and what its parts may add to a rounding error.
struct ExactWeight {
  double value;
  double magnitude;
};

ExactWeight exact_weight(const WeightView& w, std::size_t row, std::size_t col) {
  const contract::Scaling scaling = contract::scaling_of(w, row, col);
  const double product =
      static_cast<double>(scaling.scale) * static_cast<double>(contract::code_value(w, row, col));
  const auto bias = static_cast<double>(scaling.bias);
  return {product + bias, std::abs(product) + std::abs(bias)};
}

/// The largest |y - exact sum of weight * x| over its bound, k * 2^-24 * magnitude.
double worst_share_of_bound(const WeightView& w, const std::vector<float>& x,
                            const std::vector<float>& y) {
  // Roundings on the way of one element: P, b * S, t, a lane's additions, the tree.
  const std::size_t lane_length = affine_bits(w.format) == 0 ? w.cols / 16 : w.cols / 512;
  const double k = 3.0 + 1.0 + static_cast<double>(lane_length) + 4.0;
  double worst = 0;
  for (std::size_t r = 0; r < w.rows; ++r) {
    double sum = 0;
    double magnitude = 0;
    for (std::size_t i = 0; i < w.cols; ++i) {
      const ExactWeight weight = exact_weight(w, r, i);
      sum += weight.value * static_cast<double>(x[i]);
      magnitude += weight.magnitude * std::abs(static_cast<double>(x[i]));
    }
    const double share = std::abs(static_cast<double>(y[r]) - sum) / (k * 0x1p-24 * magnitude);
    if (!(share <= worst)) worst = share;
  }
  return worst;
}

TEST_P(RoundedBits, TheReferenceIsTheExactSumOfDeclaredValues) {
  const std::vector<WeightView> views = experts();
  const std::vector<WeightView> one = {views[0]};
  const std::vector<float> x = uneven_floats(GetParam().in, 7);
  for (const Rounding rounding : kRoundings) {
    std::vector<float> declared = x;
    round_rows(rounding, declared.data(), 1, declared.size());
    const std::vector<float> y = products(kernel(ref_kernels(), rounding), {one, x});

    EXPECT_LE(worst_share_of_bound(one[0], declared, y), 1.0);
    EXPECT_GT(worst_share_of_bound(one[0], x, y), 1.0) << "without rounding the bound must break";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, RoundedBits,
    ::testing::Values(RoundedCase{WeightFormat::affine4, 64, ScaleType::bf16, 43, 192},
                      RoundedCase{WeightFormat::affine4, 32, ScaleType::f16, 10, 1056},
                      RoundedCase{WeightFormat::affine4, 128, ScaleType::f32, 9, 2048},
                      RoundedCase{WeightFormat::affine4, 64, ScaleType::bf16, 5, 2112},
                      RoundedCase{WeightFormat::affine8, 64, ScaleType::bf16, 7, 768},
                      RoundedCase{WeightFormat::affine8, 32, ScaleType::f32, 6, 32},
                      RoundedCase{WeightFormat::affine8, 128, ScaleType::f16, 3, 640},
                      RoundedCase{WeightFormat::affine2, 64, ScaleType::bf16, 5, 576},
                      RoundedCase{WeightFormat::affine3, 32, ScaleType::bf16, 5, 96},
                      RoundedCase{WeightFormat::affine5, 64, ScaleType::f16, 5, 128},
                      RoundedCase{WeightFormat::affine6, 128, ScaleType::bf16, 5, 1152},
                      RoundedCase{WeightFormat::f32, 0, ScaleType::f32, 11, 77},
                      RoundedCase{WeightFormat::f16, 0, ScaleType::f32, 4, 64},
                      RoundedCase{WeightFormat::bf16, 0, ScaleType::f32, 13, 160}));

/// The identity in 8-bit codes: output r is x^[r], so a product shows the kernel's own codes.
struct Identity {
  explicit Identity(std::size_t n) : w(random_weights(WeightFormat::affine8, n, n, 1, 32)) {
    std::fill(w.data.begin(), w.data.end(), std::byte{0});
    for (std::size_t i = 0; i < n; ++i) w.data[i * n + i] = std::byte{1};
    const std::vector<float> ones(n * n / 32, 1.0F);
    w.view.scale_type = ScaleType::f32;
    w.scales = as_bytes(ones);
    w.biases.assign(w.scales.size(), std::byte{0});
    w.view.data = w.data.data();
    w.view.scales = w.scales.data();
    w.view.biases = w.biases.data();
  }
  RandomWeights w;
};

TEST(RoundedKernels, TheirCodesAreThoseOfTheDeclaredRounding) {
  const Identity identity(192);
  std::vector<float> x = uneven_floats(192, 3);
  for (std::size_t i = 0; i < 32; ++i) x[160 + i] = static_cast<float>(i) - 14.5F;
  x[160] = 127.0F;  // scale 1 with int8: every other element of this block is a tie
  for (const Rounding rounding : kRoundings) {
    std::vector<float> expected = x;
    round_rows(rounding, expected.data(), 1, expected.size());
    for (const std::string& target : kernel_targets()) {
      const GatherMatmulFn fn = kernel(kernels_for(target), rounding);
      EXPECT_THAT(products(fn, {{identity.w.view}, x}), SameBitsAs(expected)) << target;
    }
    EXPECT_THAT(x, ::testing::Not(SameBitsAs(expected)));
  }
}

TEST(RoundedKernels, TheLargestSumsFit) {
  RandomWeights w = random_weights(WeightFormat::affine8, 1, 512, 1, 32, ScaleType::f32);
  std::fill(w.data.begin(), w.data.end(), std::byte{255});
  w.scales = as_bytes(std::vector<float>(16, 1.0F));
  w.biases = as_bytes(std::vector<float>(16, 0.0F));
  w.view.scales = w.scales.data();
  w.view.biases = w.biases.data();
  for (const float x : {-32767.0F, 32767.0F}) {
    for (const std::string& target : kernel_targets()) {
      const std::vector<float> ones(512, x);  // scale 1, every code the largest
      EXPECT_EQ(products(kernels_for(target).gather_matmul_int16, {{w.view}, ones})[0],
                512.0F * 255.0F * x)
          << target;
    }
  }
}

TEST(RoundedKernels, NaNAndInfinityReachEveryOutputOfTheirTokenAndNoOther) {
  const Stack stack = make_stack(WeightFormat::affine4, 24, 128, 5);
  const Stack floats = make_stack(WeightFormat::f32, 24, 128, 5);
  for (const float bad :
       {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    std::vector<float> x = random_floats(3 * 128, 7);
    x[128 + 77] = bad;
    for (const std::string& target : kernel_targets()) {
      for (const Rounding rounding : kRoundings) {
        for (const Stack* s : {&stack, &floats}) {
          const std::vector<float> y =
              products(kernel(kernels_for(target), rounding), {s->views, x, false, 3, 2});
          for (std::size_t i = 0; i < y.size(); ++i)
            ASSERT_EQ(std::isnan(y[i]), i / 48 == 1) << target << ", " << i;
        }
      }
    }
  }
}

TEST(RoundedKernels, NothingGivesNothing) {
  const Stack stack = make_stack(WeightFormat::affine4, 8, 64, 5);
  for (const std::string& target : kernel_targets()) {
    for (const float x : {0.0F, -0.0F, 1e-42F}) {
      const std::vector<float> y = products(kernels_for(target).gather_matmul_int8,
                                            {stack.views, std::vector<float>(64, x)});
      EXPECT_THAT(y, SameBitsAs(std::vector<float>(8, 0.0F))) << target;
    }
  }
}

TEST(RoundedKernels, NothingBeyondTheLastRowIsRead) {
  for (const WeightFormat format : kAffineFormats) {
    const RandomWeights w = random_weights(format, 5, 608, 11, 32);
    const GuardedBytes data(w.data);
    const GuardedBytes scales(w.scales);
    const GuardedBytes biases(w.biases);
    WeightView guarded = w.view;
    guarded.data = data.begin();
    guarded.scales = scales.begin();
    guarded.biases = biases.begin();
    const std::vector<float> x = random_floats(2 * w.view.cols, 12);
    for (const std::string& target : kernel_targets()) {
      for (const std::size_t n_tokens : {1UL, 2UL}) {
        EXPECT_THAT(
            products(kernels_for(target).gather_matmul_int16, {{guarded}, x, false, n_tokens, 1}),
            SameBitsAs(products(gather_matmul_int16_ref, {{w.view}, x, false, n_tokens, 1})))
            << target;
      }
    }
  }
}

}  // namespace
}  // namespace fidelio::testing
