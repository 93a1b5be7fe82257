// Logits and greedy ids of small checkpoints of every family against transformers and mlx-lm. Which
// facts of a family these logits notice is sensitivity_test.cc.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/decode.h"
#include "tests/support/npy.h"
#include "tests/support/oracles.h"

namespace fidelio::testing {
namespace {

class Oracle : public ::testing::TestWithParam<OracleCase> {
 protected:
  std::filesystem::path dir_ = GetParam().dir();
};

TEST_P(Oracle, LogitsOfEveryPositionAgree) {
  const auto model = load_model(dir_.string());
  const std::vector<float> expected = read_npy(dir_ / "logits.npy");
  for (const char* patches : {"none", "all"}) {
    const std::vector<float> actual = all_logits(*model, oracle_prompt(), 1, {"", 2, patches});
    const double err = relative_error(actual, expected);
    EXPECT_LE(err, GetParam().tolerance()) << patches;
    fmt::print("oracle {} ({}): max error {:.2e} of the largest logit\n", GetParam().folder,
               patches, err);
  }
}

TEST_P(Oracle, GreedyIdsAgree) {
  const auto model = load_model(dir_.string());
  const auto greedy = nlohmann::json::parse(std::ifstream(dir_ / "greedy.json"));
  const auto expected = greedy.at("ids").get<std::vector<std::int32_t>>();
  std::vector<std::int32_t> prefix = oracle_prompt();
  prefix.resize(greedy.at("prefix_length").get<std::size_t>());

  const Generation run =
      decode(*model, prefix, static_cast<std::int64_t>(expected.size()), {"", 2, "all"});

  EXPECT_EQ(expected.size(), 64U);
  EXPECT_THAT(run.ids, ::testing::ElementsAreArray(expected));
}

INSTANTIATE_TEST_SUITE_P(Families, Oracle, ::testing::ValuesIn(kFamilyOracles), kOracleName);
INSTANTIATE_TEST_SUITE_P(Bits, Oracle, ::testing::ValuesIn(kBitsOracles), kOracleName);

TEST(OracleMeasure, SeesTenTimesTheTolerance) {
  const OracleCase oracle{"qwen3_moe/float32"};
  const auto model = load_model(oracle.dir().string());
  std::vector<float> expected = read_npy(oracle.dir() / "logits.npy");
  for (float& z : expected) z *= 1.0001F;

  EXPECT_GT(relative_error(all_logits(*model, oracle_prompt(), 96, {}), expected), 5e-5);
}

TEST(OracleMeasure, IsInfiniteForNaNAndForAnotherSize) {
  EXPECT_EQ(relative_error({1.0F, NAN}, {1.0F, 2.0F}), INFINITY);
  EXPECT_EQ(relative_error({1.0F}, {1.0F, 2.0F}), INFINITY);
}

}  // namespace
}  // namespace fidelio::testing
