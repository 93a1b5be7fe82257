// Heads, biases and sliding windows of config.json.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/config_samples.h"

namespace fidelio {
namespace {

using namespace fidelio::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ConfigAttention, RefusesHeadsThatDoNotDivide) {
  EXPECT_THAT(
      error_for(with(kLlama, "num_key_value_heads", 3)),
      HasSubstr("num_key_value_heads: found 3, expected a divisor of num_attention_heads 8"));
  EXPECT_THAT(
      error_for(with(with(kLlama, "num_attention_heads", 12), "num_key_value_heads", 4)),
      HasSubstr("head_dim: found nothing, expected the key, as hidden_size 64 is no multiple"));
}

TEST(ConfigAttention, RefusesAnOddHeadDim) {
  EXPECT_THAT(error_for(with(kLlama, "head_dim", 7)),
              HasSubstr("head_dim: found 7, expected an even number"));
}

TEST(ConfigAttention, TakesAsManyKeyValueHeadsAsHeadsInAnOldLlama) {
  EXPECT_EQ(parse(without(kLlama, "num_key_value_heads")).num_key_value_heads, 8);
}

TEST(ConfigAttention, ReadsBiases) {
  const ModelConfig config = parse(with(with(kLlama, "attention_bias", true), "mlp_bias", true));

  EXPECT_TRUE(config.attention_bias);
  EXPECT_TRUE(config.mlp_bias);
}

/// kQwen's sizes as another family.
json as(const char* model_type) {
  return with(with(kQwen, "model_type", model_type), "num_local_experts", 8);
}

std::vector<std::int64_t> windows(const json& config) {
  const ModelConfig read = parse(config);
  return {read.window_of(0), read.window_of(1)};
}

TEST(ConfigAttention, ReadsSlidingWindowsByTheFamilysRule) {
  EXPECT_THAT(windows(with(as("mixtral"), "sliding_window", 64)), ElementsAre(64, 64));
  EXPECT_THAT(windows(as("mixtral")), ElementsAre(0, 0));
  EXPECT_THAT(windows(as("mistral")), ElementsAre(4096, 4096));
  EXPECT_THAT(windows(with(as("mistral"), "sliding_window", nullptr)), ElementsAre(0, 0));

  const json qwen3 = with(as("qwen3"), "sliding_window", 64);
  EXPECT_THAT(windows(qwen3), ElementsAre(0, 0));
  EXPECT_THAT(windows(with(with(qwen3, "use_sliding_window", true), "max_window_layers", 1)),
              ElementsAre(0, 64));
  EXPECT_THAT(windows(with(with(qwen3, "use_sliding_window", true), "layer_types",
                           {"sliding_attention", "full_attention"})),
              ElementsAre(64, 0));
  EXPECT_THAT(windows(with(with(kQwen, "sliding_window", 64), "use_sliding_window", true)),
              ElementsAre(64, 64));
}

TEST(ConfigAttention, RefusesSlidingWindowsThatTheFamilyDoesNotHave) {
  EXPECT_THAT(error_for(with(kLlama, "sliding_window", 4096)),
              HasSubstr("sliding_window: found 4096, expected null in llama"));
  EXPECT_THAT(error_for(with(as("qwen3"), "layer_types", {"sliding_attention", "full_attention"})),
              HasSubstr("as no sliding_window is in use"));
  EXPECT_THAT(error_for(with(as("qwen3"), "layer_types", {"full_attention"})),
              HasSubstr("expected an array of 2 layers' types"));
}

}  // namespace
}  // namespace fidelio
