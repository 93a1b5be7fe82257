// Weights that MLX itself packed, against MLX's own dequantised values (tests/data/affine_vectors,
// written by tests/data/make_affine_vectors.py): the scalar specification and every kernel target.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "kernels/contract.h"
#include "tests/kernels/hex_bytes.h"
#include "tests/kernels/on_every_target.h"

namespace fidelio::testing {
namespace {

/// One packed matrix and MLX's float32 values of it, row-major.
struct AffineVectors {
  explicit AffineVectors(const nlohmann::json& fields)
      : codes(from_hex(fields.at("codes"))),
        scales(from_hex(fields.at("scales"))),
        biases(from_hex(fields.at("biases"))) {
    const std::string type = fields.at("scale_type");
    view.format = affine_format(fields.at("bits"));
    view.scale_type = type == "float32"   ? ScaleType::f32
                      : type == "float16" ? ScaleType::f16
                                          : ScaleType::bf16;
    view.group_size = fields.at("group_size");
    view.rows = fields.at("rows");
    view.cols = fields.at("cols");
    set_adjacent_rows(view);
    view.data = codes.data();
    view.scales = scales.data();
    view.biases = biases.data();
    const std::vector<std::byte> bytes = from_hex(fields.at("values"));
    values.resize(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), bytes.size());
  }
  AffineVectors(AffineVectors&&) = default;

  float scale(std::size_t i) const { return group_value(view.scales, i); }
  float bias(std::size_t i) const { return group_value(view.biases, i); }
  std::string name() const {
    return std::to_string(affine_bits(view.format)) + " bits, group " +
           std::to_string(view.group_size);
  }

  std::vector<std::byte> codes;
  std::vector<std::byte> scales;
  std::vector<std::byte> biases;
  std::vector<float> values;
  WeightView view;

 private:
  /// The scale or bias of element i of the matrix.
  float group_value(const std::byte* numbers, std::size_t i) const {
    return contract::scale_value(numbers, view.scale_type, i / view.group_size);
  }
};

std::vector<AffineVectors> all_vectors() {
  std::vector<AffineVectors> all;
  const std::filesystem::path folder =
      std::filesystem::path(FIDELIO_SOURCE_DIR) / "tests" / "data" / "affine_vectors";
  for (const WeightFormat format : kAffineFormats) {
    std::ifstream in(folder / ("bits" + std::to_string(affine_bits(format)) + ".json"));
    const nlohmann::json file = nlohmann::json::parse(in);
    for (const nlohmann::json& fields : file.at("cases")) all.emplace_back(fields);
  }
  return all;
}

/// How many of MLX's values are not near `code_of(stream, bits, column)` under our one rounding.
///
/// MLX rounds twice, m = rn(rn(s q) + b), we once, f = rn(s q + b). With u = 2^-24, a rounding to
/// nearest of y is off by at most u |y| and by at most u |rn(y)|. So the product's rounding moves
/// the sum by at most u |s q|, and the last roundings are off by at most u |m| and u |f|:
/// |m - f| <= u (|s q| + |m| + |f|). In units of f's last place that is 2 where nothing cancels and
/// unbounded where s q and b do, hence no count of places.
template <class CodeOf>
std::size_t values_off(const AffineVectors& v, CodeOf code_of) {
  std::size_t off = 0;
  for (std::size_t i = 0; i < v.values.size(); ++i) {
    const std::byte* row = v.view.data + i / v.view.cols * v.view.row_bytes;
    const auto q = static_cast<float>(code_of(row, affine_bits(v.view.format), i % v.view.cols));
    const double f = std::fma(v.scale(i), q, v.bias(i));
    const double m = v.values[i];
    const double product = static_cast<double>(v.scale(i)) * static_cast<double>(q);
    const double bound = 0x1p-24 * (std::abs(product) + std::abs(m) + std::abs(f));
    if (!(std::abs(m - f) <= bound)) ++off;
  }
  return off;
}

TEST(AffineVectors, MlxsValuesAreWithinItsSecondRoundingOfOurs) {
  for (const AffineVectors& v : all_vectors())
    EXPECT_EQ(values_off(v, contract::affine_code), 0U) << v.name();
}

TEST(AffineVectors, MlxsValuesAreTwoRoundingsOfOurCodes) {
  for (const AffineVectors& v : all_vectors()) {
    for (std::size_t i = 0; i < v.values.size(); ++i) {
      const std::byte* row = v.view.data + i / v.view.cols * v.view.row_bytes;
      const auto q = static_cast<float>(
          contract::affine_code(row, affine_bits(v.view.format), i % v.view.cols));
      const float product = v.scale(i) * q;
      ASSERT_EQ(product + v.bias(i), v.values[i]) << v.name() << ", element " << i;
    }
  }
}

TEST(AffineVectors, TheBoundSeesWrongPackings) {
  const auto shifted = [](const std::byte* row, unsigned bits, std::size_t i) {
    return contract::affine_code(row, bits, i == 0 ? 1 : i - 1);
  };
  const auto most_significant_first = [](const std::byte* row, unsigned bits, std::size_t i) {
    unsigned code = 0;
    for (std::size_t bit = i * bits; bit < (i + 1) * bits; ++bit)
      code = 2 * code + contract::affine_code(row, 1, bit);
    return code;
  };
  const auto whole_codes_a_word = [](const std::byte* row, unsigned bits, std::size_t i) {
    const std::size_t first = i / (32 / bits) * 32 + i % (32 / bits) * bits;
    unsigned code = 0;
    for (unsigned bit = 0; bit < bits; ++bit)
      code |= contract::affine_code(row, 1, (first + bit) % (128 * bits)) << bit;
    return code;
  };
  for (const AffineVectors& v : all_vectors()) {
    const std::size_t half = v.values.size() / 2;
    EXPECT_GT(values_off(v, shifted), half) << v.name();
    // Of 2 bits, one code in two is its own mirror image.
    EXPECT_GT(values_off(v, most_significant_first), half / 2) << v.name();
    if (32 % affine_bits(v.view.format) != 0) {
      EXPECT_GT(values_off(v, whole_codes_a_word), half) << v.name();
    }
  }
}

TEST(AffineVectors, EveryFormatHasScalesOfBothSigns) {
  for (const AffineVectors& v : all_vectors()) {
    std::size_t negative = 0;
    for (std::size_t i = 0; i < v.values.size(); ++i) negative += v.scale(i) < 0.0F ? 1 : 0;
    EXPECT_GT(negative, 0U) << v.name();
    EXPECT_LT(negative, v.values.size()) << v.name();
  }
}

/// A row times unit vector k is its weight k: every other term adds +0.
TEST(AffineVectors, KernelsGiveTheValuesOfTheContract) {
  for (const AffineVectors& v : all_vectors()) {
    const std::size_t n = v.view.cols;
    std::vector<float> units(n * n, 0.0F);
    for (std::size_t k = 0; k < n; ++k) units[k * n + k] = 1.0F;
    for (const std::string& target : kernel_targets()) {
      const KernelTable table = kernels_for(target);
      std::vector<float> embedded(v.values.size());
      const std::int32_t ids[3] = {0, 1, 2};
      table.embedding({v.view, ids, embedded.data(), v.view.rows}, Share{});
      std::vector<float> panels(v.values.size());
      table.linear({v.view, units.data(), panels.data(), n}, Share{});
      for (std::size_t k = 0; k < n; ++k) {
        std::vector<float> y(v.view.rows);
        table.linear({v.view, units.data() + k * n, y.data(), 1}, Share{});
        for (std::size_t r = 0; r < v.view.rows; ++r) {
          const float expected = contract::weight_value(v.view, r, k);
          ASSERT_EQ(y[r], expected) << target << ", " << v.name();
          ASSERT_EQ(panels[k * v.view.rows + r], expected) << target << ", " << v.name();
          ASSERT_EQ(embedded[r * n + k], expected) << target << ", " << v.name();
        }
      }
    }
  }
}

}  // namespace
}  // namespace fidelio::testing
