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

TEST(ConfigQuantization, RefusesOtherQuantisations) {
  EXPECT_THAT(quantization_error(R"({"group_size": 32, "bits": 4, "mode": "mxfp4"})"),
              HasSubstr("quantization.mode: found \"mxfp4\", expected \"affine\""));
  EXPECT_THAT(quantization_error(R"({"group_size": 64, "bits": 7})"),
              HasSubstr("quantization.bits: found 7, expected 2, 3, 4, 5, 6 or 8"));
  EXPECT_THAT(quantization_error(R"({"group_size": 16, "bits": 4})"),
              HasSubstr("quantization.group_size: found 16, expected 32, 64 or 128"));
  EXPECT_THAT(quantization_error(R"({"bits": 4})"),
              HasSubstr("quantization.group_size: found nothing"));
  EXPECT_THAT(quantization_error(R"({"quant_method": "fp8"})"),
              HasSubstr("quantization.quant_method: found \"fp8\", expected MLX's affine"));
  EXPECT_THAT(quantization_error("[]"), HasSubstr("quantization: found [], expected an object"));
}

TEST(ConfigQuantization, RefusesOtherQuantisationsInOverrides) {
  EXPECT_THAT(quantization_error(R"({"group_size": 64, "bits": 4, "model.a": {"mode": "mxfp4"}})"),
              HasSubstr("quantization.model.a.mode: found \"mxfp4\""));
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
