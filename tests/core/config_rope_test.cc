// rope_theta, rope_scaling and rope_parameters of config.json.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/config_samples.h"

namespace fidelio {
namespace {

using namespace fidelio::testing;
using ::testing::HasSubstr;

const json kLlama3Scaling = {{"rope_type", "llama3"},
                             {"factor", 8.0},
                             {"low_freq_factor", 1.0},
                             {"high_freq_factor", 4.0},
                             {"original_max_position_embeddings", 8192}};

TEST(ConfigRope, ReadsScaledRotaryEmbeddings) {
  const RopeScaling llama3 = parse(with(kLlama, "rope_scaling", kLlama3Scaling)).rope_scaling;
  EXPECT_EQ(llama3.type, RopeScaling::Type::llama3);
  EXPECT_EQ(llama3.factor, 8.0F);
  EXPECT_EQ(llama3.high_freq_factor, 4.0F);
  EXPECT_EQ(llama3.original_max_position_embeddings, 8192);

  const json linear = {{"type", "linear"}, {"factor", 4}};
  EXPECT_EQ(parse(with(kLlama, "rope_scaling", linear)).rope_scaling,
            (RopeScaling{RopeScaling::Type::linear, 4.0F}));
  for (const json& none : {json(nullptr), json{{"type", "default"}}}) {
    EXPECT_EQ(parse(with(kLlama, "rope_scaling", none)).rope_scaling, RopeScaling());
  }
}

TEST(ConfigRope, RefusesScalingsThatAreIncompleteContradictoryOrOfAnotherKind) {
  const auto refusal = [](const json& scaling) {
    return error_for(with(kLlama, "rope_scaling", scaling));
  };
  for (const auto& [key, value] : kLlama3Scaling.items()) {
    if (key == "rope_type") continue;
    EXPECT_THAT(refusal(without(kLlama3Scaling, key)),
                HasSubstr("rope_scaling." + key + ": found nothing"));
  }
  EXPECT_THAT(refusal(with(kLlama3Scaling, "high_freq_factor", 1.0)),
              HasSubstr("high_freq_factor: found 1, expected more than low_freq_factor 1"));
  EXPECT_THAT(refusal({{"type", "longrope"}, {"factor", 4}}),
              HasSubstr("rope_scaling.type: found \"longrope\", expected default, linear"));
  EXPECT_THAT(refusal({{"rope_type", "linear"}, {"type", "default"}, {"factor", 4}}),
              HasSubstr("rope_scaling.type: found \"default\", expected \"linear\""));
  EXPECT_THAT(refusal({{"type", "linear"}, {"factor", 0}}), HasSubstr("factor: found 0"));
}

TEST(ConfigRope, ReadsRopeThetaFromRopeParameters) {
  const json newer = with(without(kQwen, "rope_theta"), "rope_parameters",
                          {{"rope_theta", 5e6}, {"rope_type", "default"}});

  EXPECT_EQ(parse(newer).rope_theta, 5e6F);
  EXPECT_THAT(error_for(with(newer, "rope_theta", 1e4)),
              HasSubstr("rope_parameters.rope_theta: found 5000000"));
  EXPECT_THAT(
      error_for(with(newer, "rope_parameters", {{"rope_theta", 5e6}, {"rope_type", "dynamic"}})),
      HasSubstr("rope_parameters.rope_type: found \"dynamic\""));
}

TEST(ConfigRope, ReadsOneFactorForEachFrequency) {
  const auto scaled = [](const json& factors) {
    return with(kLlama, "rope_scaling", {{"rope_type", "factors"}, {"factors", factors}});
  };
  const auto n = static_cast<std::size_t>(parse(kLlama).head_dim / 2);
  const std::vector<float> factors(n, 1.5F);

  EXPECT_EQ(parse(scaled(factors)).rope_scaling.factors, factors);
  EXPECT_THAT(error_for(scaled(std::vector<float>(n - 1, 1.5F))), HasSubstr(" positive numbers"));
  EXPECT_THAT(error_for(scaled(std::vector<float>(n, 0.0F))), HasSubstr("factors: found 0"));
  EXPECT_THAT(error_for(scaled(nullptr)), HasSubstr("rope_scaling.factors: found nothing"));
}

}  // namespace
}  // namespace fidelio
