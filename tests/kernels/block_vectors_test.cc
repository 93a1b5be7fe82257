// MXFP4 and GGUF's blocks against the values that MLX, transformers and gguf give the same bytes
// (tests/data/block_vectors, written by tests/data/make_block_vectors.py), to the last bit: the
// scalar specification and every kernel target.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "kernels/contract.h"
#include "tests/kernels/hex_bytes.h"
#include "tests/kernels/linear_products.h"

namespace fidelio::testing {
namespace {

struct BlockVectors {
  BlockVectors(WeightFormat format, const nlohmann::json& fields)
      : data(from_hex(fields.at("data"))),
        scales(from_hex(fields.at("scales"))),
        source(fields.at("from")) {
    view.format = format;
    view.rows = fields.at("rows");
    view.cols = fields.at("cols");
    if (format == WeightFormat::mxfp4) {
      view.scale_type = ScaleType::e8m0;
      view.group_size = 32;
    }
    set_adjacent_rows(view);
    view.data = data.data();
    view.scales = scales.data();
    const std::vector<std::byte> bytes = from_hex(fields.at("values"));
    values.resize(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), bytes.size());
  }
  BlockVectors(BlockVectors&&) = default;

  std::vector<std::byte> data;
  std::vector<std::byte> scales;
  std::string source;
  std::vector<float> values;  ///< [rows, cols]
  WeightView view;
};

struct FormatVectors {
  const char* name;
  WeightFormat format;
  std::size_t cases;
};
constexpr FormatVectors kFormatVectors[] = {
    {"mxfp4", WeightFormat::mxfp4, 2}, {"q8_0", WeightFormat::q8_0, 1},
    {"q4_0", WeightFormat::q4_0, 1},   {"q4_1", WeightFormat::q4_1, 1},
    {"q6_k", WeightFormat::q6_k, 1},   {"mxfp4_blocks", WeightFormat::mxfp4_blocks, 1}};

class BlockVectorsOf : public ::testing::TestWithParam<FormatVectors> {
 protected:
  void SetUp() override {
    const std::filesystem::path folder =
        std::filesystem::path(FIDELIO_SOURCE_DIR) / "tests" / "data" / "block_vectors";
    std::ifstream in(folder / (std::string(GetParam().name) + ".json"));
    const nlohmann::json file = nlohmann::json::parse(in);
    for (const nlohmann::json& fields : file.at("cases"))
      vectors.emplace_back(GetParam().format, fields);
    ASSERT_EQ(vectors.size(), GetParam().cases);
  }
  std::vector<BlockVectors> vectors;
};

std::vector<float> all_values(const WeightView& w) {
  std::vector<float> values;
  for (std::size_t i = 0; i < w.rows * w.cols; ++i)
    values.push_back(contract::weight_value(w, i / w.cols, i % w.cols));
  return values;
}

TEST_P(BlockVectorsOf, AreTheContractsToTheLastBit) {
  for (const BlockVectors& v : vectors)
    EXPECT_THAT(all_values(v.view), SameBitsAs(v.values)) << v.source;
}

TEST_P(BlockVectorsOf, ReachSubnormalAndExtremeNumbers) {
  std::size_t negative = 0;
  std::size_t tiny = 0;
  for (const BlockVectors& v : vectors) {
    for (const float value : v.values) {
      ASSERT_TRUE(std::isfinite(value)) << v.source;
      negative += value < 0 ? 1 : 0;
      tiny += value != 0 && std::abs(value) < 0x1p-13F ? 1 : 0;
    }
  }
  EXPECT_GT(negative, 100U);
  EXPECT_GT(tiny, 10U);
}

/// How many values another order of the row's elements would give.
std::size_t values_off(const BlockVectors& v, std::size_t (*other_order)(std::size_t)) {
  std::size_t off = 0;
  for (std::size_t i = 0; i < v.values.size(); ++i) {
    const float moved =
        contract::weight_value(v.view, i / v.view.cols, other_order(i % v.view.cols));
    off += moved != v.values[i] ? 1 : 0;
  }
  return off;
}

TEST_P(BlockVectorsOf, SeeAnotherOrderOfElements) {
  const auto halves_for_neighbours = [](std::size_t i) {
    return i / 32 * 32 + (i % 32 < 16 ? 2 * (i % 32) : 2 * (i % 32) - 31);
  };
  const auto neighbours_swapped = [](std::size_t i) { return i ^ 1U; };
  const auto quarters_swapped = [](std::size_t i) { return i ^ 32U; };
  for (const BlockVectors& v : vectors) {
    EXPECT_GT(values_off(v, halves_for_neighbours), v.values.size() / 3) << v.source;
    EXPECT_GT(values_off(v, neighbours_swapped), v.values.size() / 3) << v.source;
    EXPECT_GT(values_off(v, quarters_swapped), v.values.size() / 3) << v.source;
  }
}

TEST_P(BlockVectorsOf, SeeAnotherScale) {
  for (BlockVectors& v : vectors) {
    for (std::byte& s : v.scales) s = static_cast<std::byte>(std::to_integer<unsigned>(s) + 1U);
    const std::size_t block = block_shape(v.view.format).bytes;
    const std::size_t at = v.view.format == WeightFormat::q6_k ? block - 2 : 0;
    for (std::size_t begin = 0; block != 0 && begin < v.data.size(); begin += block)
      v.data[begin + at] ^= std::byte{1};

    const std::vector<float> moved = all_values(v.view);
    std::size_t same = 0;
    for (std::size_t i = 0; i < moved.size(); ++i) same += moved[i] == v.values[i] ? 1 : 0;
    EXPECT_LT(same, v.values.size() / 3) << v.source;
  }
}

/// A row times unit vector k is its weight k: every other term adds +0.
TEST_P(BlockVectorsOf, AreEveryKernels) {
  for (const BlockVectors& v : vectors) {
    const std::size_t n = v.view.cols;
    std::vector<float> units(n * n, 0.0F);
    for (std::size_t k = 0; k < n; ++k) units[k * n + k] = 1.0F;
    for (const std::string& target : kernel_targets()) {
      const KernelTable table = kernels_for(target);
      const std::vector<float> panels = linear_products(table, v.view, units, n, 1);
      for (std::size_t k = 0; k < n; ++k) {
        const std::vector<float> unit(&units[k * n], &units[k * n] + n);
        const std::vector<float> y = linear_products(table, v.view, unit, 1, 1);
        for (std::size_t r = 0; r < v.view.rows; ++r) {
          ASSERT_EQ(y[r], v.values[r * n + k]) << target << ", " << v.source;
          ASSERT_EQ(panels[k * v.view.rows + r], v.values[r * n + k]) << target << ", " << v.source;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, BlockVectorsOf, ::testing::ValuesIn(kFormatVectors),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace fidelio::testing
