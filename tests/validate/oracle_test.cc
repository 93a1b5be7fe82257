// Logits of small Qwen3-MoE checkpoints against transformers and mlx-lm
// (tests/data/qwen3_moe_tiny/README.md says how they were made and which facts of the family they
// notice).
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/decode.h"
#include "tests/support/npy.h"

namespace fidelio::testing {
namespace {

const std::filesystem::path kData =
    std::filesystem::path(FIDELIO_SOURCE_DIR) / "tests/data/qwen3_moe_tiny";

std::vector<std::int32_t> prompt_ids() {
  const auto json = nlohmann::json::parse(std::ifstream(kData / "prompt_ids.json"));
  return (json.is_object() ? json.at("ids") : json).get<std::vector<std::int32_t>>();
}

/// max |actual - expected| / max |expected|; infinity where a value is not finite or the sizes
/// differ.
double relative_error(const std::vector<float>& actual, const std::vector<float>& expected) {
  if (actual.size() != expected.size()) return INFINITY;
  double err = 0;
  double magnitude = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double difference =
        std::abs(static_cast<double>(actual[i]) - static_cast<double>(expected[i]));
    if (!(difference <= err)) err = std::isnan(difference) ? INFINITY : difference;
    magnitude = std::max(magnitude, std::abs(static_cast<double>(expected[i])));
  }
  return err / magnitude;
}

struct OracleCase {
  const char* folder;
  double tolerance;
};

class Oracle : public ::testing::TestWithParam<OracleCase> {
 protected:
  std::filesystem::path folder_ = kData / GetParam().folder;
};

TEST_P(Oracle, LogitsOfEveryPositionAgree) {
  const auto model = load_model(folder_.string());
  const std::vector<float> expected = read_npy(folder_ / "logits.npy");
  const std::vector<std::int32_t> ids = prompt_ids();
  for (const char* patches : {"none", "all"}) {
    const std::vector<float> actual = all_logits(*model, ids, 1, {"", 2, patches});
    const double err = relative_error(actual, expected);
    EXPECT_LE(err, GetParam().tolerance) << patches;
    RecordProperty(std::string("relative_error_") + patches, fmt::format("{:.2e}", err));
    fmt::print("oracle {} ({}): max error {:.2e} of the largest logit\n", GetParam().folder,
               patches, err);
  }
}

TEST_P(Oracle, GreedyIdsAgree) {
  const auto model = load_model(folder_.string());
  const auto greedy = nlohmann::json::parse(std::ifstream(folder_ / "greedy.json"));
  const auto expected = greedy.at("ids").get<std::vector<std::int32_t>>();
  std::vector<std::int32_t> prefix = prompt_ids();
  prefix.resize(40);
  const Generation run =
      decode(*model, prefix, static_cast<std::int64_t>(expected.size()), {"", 2, "all"});
  EXPECT_THAT(run.ids, ::testing::ElementsAreArray(expected));
}

// The tolerances are those of the project's rules: 1e-5 for float32, 1e-4 for quantised weights.
INSTANTIATE_TEST_SUITE_P(Qwen3Moe, Oracle,
                         ::testing::Values(OracleCase{"float32", 1e-5}, OracleCase{"mlx4", 1e-4},
                                           OracleCase{"mlx8g32", 1e-4}),
                         [](const auto& param_info) {
                           return std::string(param_info.param.folder);
                         });

TEST(Oracle, TheMeasureSeesAnotherEpsilon) {
  const auto model = load_model((kData / "float32").string());
  std::vector<float> expected = read_npy(kData / "float32/logits.npy");
  for (float& z : expected) z *= 1.0001F;  // ten times the tolerance, spread over all logits
  EXPECT_GT(relative_error(all_logits(*model, prompt_ids(), 96, {}), expected), 5e-5);
}

}  // namespace
}  // namespace fidelio::testing
