// The quantization block: settings, overrides, and the blocks of other tools.
#include "core/config_quantization.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/user_error.h"

namespace fidelio {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

/// What is read from a config with this block under `name`.
std::optional<QuantizationConfig> read(const char* block, const char* name = "quantization") {
  const json config = {{name, json::parse(block)}};
  return read_quantization(ConfigReader(config, "config.json"));
}
std::string quantization_error(const char* block) {
  return testing::user_error_of([&] { read(block); });
}

TEST(ConfigQuantization, ReadsTheQuantizationBlock) {
  const QuantizationConfig quantization = *read(R"({"group_size": 64, "bits": 4, "mode": "affine",
    "model.a": {"group_size": 32, "bits": 8}, "model.b": false, "model.c": true, "model.d": {"bits": 8}})");

  EXPECT_EQ(quantization.for_path("model.other")->bits, 4);
  EXPECT_EQ(quantization.for_path("model.a")->bits, 8);
  EXPECT_EQ(quantization.for_path("model.a")->group_size, 32);
  EXPECT_FALSE(quantization.for_path("model.b").has_value());
  EXPECT_EQ(quantization.for_path("model.c")->bits, 4);
  EXPECT_EQ(quantization.for_path("model.d")->group_size, 64);
}

// mlx-lm hands an override to nn.quantize as it is: what it omits are MLX's defaults, not the
// block's.
TEST(ConfigQuantization, FillsAnOverrideWithMlxDefaults) {
  const QuantizationConfig quantization = *read(
      R"({"group_size": 32, "bits": 8, "model.a": {"bits": 8}, "model.b": {"group_size": 128}})");

  EXPECT_EQ(quantization.for_path("model.a")->group_size, 64);
  EXPECT_EQ(quantization.for_path("model.b")->bits, 4);
}

TEST(ConfigQuantization, ReadsTheQuantizationBlockUnderItsOtherName) {
  const auto quantization = read(R"({"group_size": 128, "bits": 8})", "quantization_config");

  EXPECT_EQ(quantization->defaults.group_size, 128);
}

TEST(ConfigQuantization, TakesEveryWidthOfMlxsAffineCodes) {
  for (const int bits : {2, 3, 4, 5, 6, 8}) {
    const std::string block = R"({"group_size": 64, "bits": )" + std::to_string(bits) + "}";
    const auto quantization = read(block.c_str());
    EXPECT_EQ(quantization->defaults.bits, bits);
  }
}

TEST(ConfigQuantization, ReadsMxfp4AndItsAffineOverrides) {
  using Mode = Quantization::Mode;
  const QuantizationConfig quantization = *read(
      R"({"group_size": 32, "bits": 4, "mode": "mxfp4", "model.a": {"group_size": 64, "bits": 8},
    "model.b": {}, "model.c": true, "model.d": {"mode": "mxfp4"}, "model.e": false})");

  EXPECT_EQ(quantization.defaults.mode, Mode::mxfp4);
  EXPECT_EQ(quantization.for_path("model.a")->mode, Mode::affine);
  EXPECT_EQ(quantization.for_path("model.a")->bits, 8);
  EXPECT_EQ(quantization.for_path("model.b")->mode, Mode::affine);
  EXPECT_EQ(quantization.for_path("model.b")->group_size, 64);
  EXPECT_EQ(quantization.for_path("model.c")->mode, Mode::mxfp4);
  EXPECT_EQ(quantization.for_path("model.d")->group_size, 32);
  EXPECT_EQ(quantization.for_path("model.e"), std::nullopt);
}

TEST(ConfigQuantization, ReadsAnMxfp4OverrideOfAnAffineBlock) {
  const QuantizationConfig quantization =
      *read(R"({"group_size": 64, "bits": 8, "model.a": {"mode": "mxfp4"}})");

  EXPECT_EQ(quantization.for_path("model.a")->mode, Quantization::Mode::mxfp4);
  EXPECT_EQ(quantization.for_path("model.a")->group_size, 32);
  EXPECT_EQ(quantization.for_path("model.b")->mode, Quantization::Mode::affine);
}

TEST(ConfigQuantization, TakesTheBlockOfGptOss) {
  const auto quantization =
      read(R"({"quant_method": "mxfp4", "modules_to_not_convert": ["model.layers.*.self_attn"]})",
           "quantization_config");

  EXPECT_EQ(quantization->defaults.mode, Quantization::Mode::mxfp4);
  EXPECT_TRUE(quantization->overrides.empty());
}

TEST(ConfigQuantization, RefusesOtherQuantisations) {
  EXPECT_THAT(quantization_error(R"({"group_size": 32, "bits": 8, "mode": "mxfp8"})"),
              HasSubstr("quantization.mode: found \"mxfp8\", expected \"affine\" or \"mxfp4\""));
  EXPECT_THAT(quantization_error(R"({"group_size": 32, "bits": 8, "mode": "mxfp4"})"),
              HasSubstr("quantization.bits: found 8, expected 4 (mxfp4)"));
  EXPECT_THAT(quantization_error(R"({"group_size": 64, "bits": 4, "mode": "mxfp4"})"),
              HasSubstr("quantization.group_size: found 64, expected 32 (mxfp4)"));
  EXPECT_THAT(quantization_error(R"({"group_size": 64, "bits": 7})"),
              HasSubstr("quantization.bits: found 7, expected 2, 3, 4, 5, 6 or 8"));
  EXPECT_THAT(quantization_error(R"({"group_size": 16, "bits": 4})"),
              HasSubstr("quantization.group_size: found 16, expected 32, 64 or 128"));
  EXPECT_THAT(quantization_error(R"({"bits": 4})"),
              HasSubstr("quantization.group_size: found nothing"));
  EXPECT_THAT(quantization_error(R"({"quant_method": "fp8"})"),
              HasSubstr("quantization.quant_method: found \"fp8\", expected MLX's quantisation"));
  EXPECT_THAT(quantization_error("[]"), HasSubstr("quantization: found [], expected an object"));
}

TEST(ConfigQuantization, RefusesOtherQuantisationsInOverrides) {
  EXPECT_THAT(quantization_error(R"({"group_size": 64, "bits": 4, "model.a": {"mode": "nvfp4"}})"),
              HasSubstr("quantization.model.a.mode: found \"nvfp4\""));
  EXPECT_THAT(quantization_error(R"({"group_size": 64, "bits": 4, "model.a": {"bits": 1}})"),
              HasSubstr("quantization.model.a.bits: found 1, expected 2, 3, 4, 5, 6 or 8"));
  EXPECT_THAT(quantization_error(R"({"group_size": 64, "bits": 4, "model.a": 8})"),
              HasSubstr("quantization.model.a: found 8, expected an object, true or false"));
}

TEST(ConfigQuantization, IsNoneWithoutABlock) {
  EXPECT_FALSE(read("null").has_value());
  EXPECT_FALSE(read("{}", "another_key").has_value());
}

}  // namespace
}  // namespace fidelio
