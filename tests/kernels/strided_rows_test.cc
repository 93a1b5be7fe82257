// Rows that lie apart in a tensor: every kernel on every target gives what the same rows give when
// they lie back to back, reads nothing behind the last of them, and would not if it took row_bytes
// for the stride.
#include "kernels/contract.h"
#include "tests/kernels/expert_stack.h"
#include "tests/kernels/guarded_bytes.h"
#include "tests/kernels/linear_products.h"

namespace fidelio::testing {
namespace {

constexpr WeightFormat kFormats[] = {
    WeightFormat::f32,     WeightFormat::bf16,  WeightFormat::affine3,     WeightFormat::affine4,
    WeightFormat::affine8, WeightFormat::mxfp4, WeightFormat::q8_0,        WeightFormat::q4_0,
    WeightFormat::q4_1,    WeightFormat::q6_k,  WeightFormat::mxfp4_blocks};
constexpr std::size_t kRows = 24;
constexpr std::size_t kCols = 256;
constexpr std::size_t kTopK = 3;

std::vector<std::byte> rows_together(const std::byte* from, std::size_t rows, std::size_t bytes,
                                     std::size_t stride) {
  std::vector<std::byte> to;
  for (std::size_t r = 0; from != nullptr && r < rows; ++r)
    to.insert(to.end(), from + r * stride, from + r * stride + bytes);
  return to;
}

/// The same rows back to back.
RandomWeights adjacent(const WeightView& apart) {
  RandomWeights w;
  w.view = apart;
  set_adjacent_rows(w.view);
  const std::size_t scales = w.view.scale_stride;
  w.data = rows_together(apart.data, apart.rows, apart.row_bytes, apart.row_stride);
  w.scales = rows_together(apart.scales, apart.rows, scales, apart.scale_stride);
  w.biases = rows_together(apart.biases, apart.rows, scales, apart.scale_stride);
  w.view.data = w.data.data();
  w.view.scales = w.scales.data();
  w.view.biases = w.biases.data();
  return w;
}

/// kExperts matrices that are every second row of larger ones, and the same back to back.
struct Experts {
  std::deque<RandomWeights> owned;
  std::vector<WeightView> apart;
  std::vector<WeightView> together;
  std::vector<WeightView> stride_ignored;

  explicit Experts(WeightFormat format) {
    for (std::uint32_t e = 0; e < kExperts; ++e) {
      const WeightView& whole =
          owned.emplace_back(random_weights(format, 2 * kRows, kCols, 7 + e)).view;
      apart.push_back(strided_rows(whole, 1, 2, kRows));
      together.push_back(owned.emplace_back(adjacent(apart.back())).view);
      stride_ignored.push_back(apart.back());
      stride_ignored.back().row_stride = whole.row_bytes;
    }
  }
};

class StridedRows : public ::testing::TestWithParam<WeightFormat> {};

TEST_P(StridedRows, GiveLinearTheSameBits) {
  const Experts w(GetParam());
  const std::vector<float> x = random_floats(7 * kCols, 12);
  for (const std::size_t n_tokens : {1UL, 7UL}) {
    const std::vector<float> expected =
        linear_products(ref_kernels(), w.together[0], x, n_tokens, 1);
    for (const std::string& target : kernel_targets()) {
      const KernelTable table = kernels_for(target);
      EXPECT_THAT(linear_products(table, w.apart[0], x, n_tokens, 2), SameBitsAs(expected))
          << target;
      EXPECT_NE(linear_products(table, w.stride_ignored[0], x, n_tokens, 2), expected) << target;
    }
  }
}

std::vector<float> gathered(GatherMatmulFn fn, const std::vector<WeightView>& experts,
                            std::size_t n_tokens) {
  const std::vector<float> x = random_floats(n_tokens * kCols, 13);
  const std::vector<std::int32_t> ids = make_ids(n_tokens, kTopK);
  std::vector<float> y(n_tokens * kTopK * kRows);
  run_shares(fn,
             GatherMatmulArgs{experts.data(), kExperts, x.data(), false, ids.data(), y.data(),
                              n_tokens, kTopK},
             2,
             gather_matmul_rounded_workspace_bytes(experts[0], n_tokens, kTopK, kExperts, false) +
                 expert_order_workspace_bytes(n_tokens, kTopK, kExperts));
  return y;
}

TEST_P(StridedRows, GiveGatheredProductsTheSameBits) {
  const Experts w(GetParam());
  for (const auto member : {&KernelTable::gather_matmul, &KernelTable::gather_matmul_int8,
                            &KernelTable::gather_matmul_int16}) {
    for (const std::size_t n_tokens : {1UL, 7UL}) {
      const std::vector<float> expected = gathered(ref_kernels().*member, w.together, n_tokens);
      for (const std::string& target : kernel_targets()) {
        const GatherMatmulFn fn = kernels_for(target).*member;
        EXPECT_THAT(gathered(fn, w.apart, n_tokens), SameBitsAs(expected)) << target;
        EXPECT_NE(gathered(fn, w.stride_ignored, n_tokens), expected) << target;
      }
    }
  }
}

std::vector<float> gate_up(const KernelTable& table, const std::vector<WeightView>& gate,
                           const std::vector<WeightView>& up, std::size_t n_tokens) {
  const std::vector<float> x = random_floats(n_tokens * kCols, 14);
  const std::vector<std::int32_t> ids = make_ids(n_tokens, kTopK);
  std::vector<float> y(n_tokens * kTopK * kRows);
  run_shares(table.gate_up_swiglu,
             GateUpSwigluArgs{gate.data(), up.data(), kExperts, x.data(), ids.data(), y.data(),
                              n_tokens, kTopK},
             2, expert_order_workspace_bytes(n_tokens, kTopK, kExperts));
  return y;
}

std::vector<float> down(const KernelTable& table, const std::vector<WeightView>& experts,
                        std::size_t n_tokens) {
  const std::vector<float> x = random_floats(n_tokens * kTopK * kCols, 15);
  const std::vector<float> weights = random_floats(n_tokens * kTopK, 16);
  const std::vector<std::int32_t> ids = make_ids(n_tokens, kTopK);
  std::vector<float> y(n_tokens * kRows);
  run_shares(table.down_combine,
             DownCombineArgs{experts.data(), kExperts, x.data(), ids.data(), weights.data(),
                             y.data(), n_tokens, kTopK},
             2, down_combine_workspace_bytes(n_tokens, kTopK, kExperts));
  return y;
}

TEST_P(StridedRows, GiveFusedProjectionsTheSameBits) {
  const Experts w(GetParam());
  for (const std::size_t n_tokens : {1UL, 7UL}) {
    const auto both = gate_up(ref_kernels(), w.together, w.together, n_tokens);
    const auto combined = down(ref_kernels(), w.together, n_tokens);
    for (const std::string& target : kernel_targets()) {
      const KernelTable table = kernels_for(target);
      EXPECT_THAT(gate_up(table, w.apart, w.together, n_tokens), SameBitsAs(both)) << target;
      EXPECT_THAT(gate_up(table, w.together, w.apart, n_tokens), SameBitsAs(both)) << target;
      EXPECT_NE(gate_up(table, w.together, w.stride_ignored, n_tokens), both) << target;
      EXPECT_THAT(down(table, w.apart, n_tokens), SameBitsAs(combined)) << target;
      EXPECT_NE(down(table, w.stride_ignored, n_tokens), combined) << target;
    }
  }
}

TEST_P(StridedRows, GiveEmbeddingsTheSameBits) {
  const Experts w(GetParam());
  const auto embedded = [](const WeightView& table) {
    const std::vector<std::int32_t> ids = {3, 0, static_cast<std::int32_t>(kRows) - 1};
    std::vector<float> y(ids.size() * kCols);
    run_shares(ref_kernels().embedding, EmbeddingArgs{table, ids.data(), y.data(), ids.size()}, 2);
    return y;
  };

  EXPECT_THAT(embedded(w.apart[0]), SameBitsAs(embedded(w.together[0])));
  EXPECT_NE(embedded(w.stride_ignored[0]), embedded(w.together[0]));
}

TEST_P(StridedRows, AreReadToTheEndOfTheLastRowOnly) {
  const RandomWeights whole = random_weights(GetParam(), 5, kCols, 17);  // rows 0, 2 and 4
  const WeightView apart = strided_rows(whole.view, 0, 2, 3);
  const GuardedBytes data(whole.data);
  const GuardedBytes scales(whole.scales);
  const GuardedBytes biases(whole.biases);
  WeightView guarded = apart;
  guarded.data = data.begin();
  guarded.scales = scales.begin();
  guarded.biases = biases.begin();
  const std::vector<float> x = random_floats(3 * kCols, 12);
  for (const std::string& target : kernel_targets()) {
    for (const std::size_t n_tokens : {1UL, 3UL}) {
      EXPECT_THAT(linear_products(kernels_for(target), guarded, x, n_tokens, 1),
                  SameBitsAs(linear_products(ref_kernels(), apart, x, n_tokens, 1)))
          << target;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, StridedRows, ::testing::ValuesIn(kFormats));

TEST(BytesPerRow, AreDataScalesAndBiasesWhateverTheStride) {
  const struct {
    WeightFormat format;
    std::size_t bytes;  // of 256 columns
  } kBytes[] = {{WeightFormat::f32, 1024},
                {WeightFormat::bf16, 512},
                {WeightFormat::affine4, 128 + 2 * 4 * 2},
                {WeightFormat::mxfp4, 128 + 8},
                {WeightFormat::q8_0, 8 * 34},
                {WeightFormat::q4_0, 8 * 18},
                {WeightFormat::q4_1, 8 * 20},
                {WeightFormat::q6_k, 210},
                {WeightFormat::mxfp4_blocks, 8 * 17}};
  for (const auto& [format, bytes] : kBytes) {
    const RandomWeights w = random_weights(format, 4, kCols, 1);
    EXPECT_EQ(bytes_per_row(w.view), bytes);
    EXPECT_EQ(bytes_per_row(strided_rows(w.view, 1, 3, 1)), bytes);
  }
}

}  // namespace
}  // namespace fidelio::testing
