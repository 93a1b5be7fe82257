// The configs of published models: the supported families are read, every other one is refused by
// name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "core/config.h"
#include "tests/support/external_data.h"
#include "tests/support/user_error.h"

namespace fidelio {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::user_error_of;

struct Published {
  const char* file;
  const char* refusal;  // part of the message, or nullptr where the config is read
};

void PrintTo(const Published& published, std::ostream* out) { *out << published.file; }

class PublishedConfig : public ::testing::TestWithParam<Published> {};

TEST_P(PublishedConfig, IsReadOrRefusedByName) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(file, std::string("configs/") + GetParam().file);

  if (GetParam().refusal == nullptr) {
    EXPECT_NO_THROW(read_config(file));
  } else {
    EXPECT_THAT(user_error_of([&] { read_config(file); }),
                AllOf(HasSubstr(file.string()), HasSubstr(GetParam().refusal)));
  }
}

constexpr Published kPublished[] = {
    {"Qwen--Qwen3-30B-A3B_config.json", nullptr},
    {"Qwen--Qwen3-30B-A3B-2507_config.fields.json", nullptr},
    {"lmstudio-community--Qwen3-30B-A3B-MLX-4bit_config.json", nullptr},
    {"mistralai--Mixtral-8x7B-v0.1_config.json", nullptr},
    {"TinyLlama--TinyLlama-1.1B_config.json", nullptr},
    {"Qwen--Qwen3-30B-A3B-FP8_config.json", "quantization_config.quant_method: found \"fp8\""},
    {"meta-llama--Meta-Llama-3.1-8B_config.json", nullptr},
    {"unsloth--Llama-3.2-3B-Instruct_config.json", nullptr},
    {"Qwen--Qwen3-0.6B_config.json", nullptr},
    {"Qwen--Qwen3-8B_config.json", nullptr},
    {"Qwen--Qwen3-4B-Instruct-2507_config.fields.json", nullptr},
    {"LiquidAI--LFM2-8B-A1B_config.fields.json", nullptr},
    {"allenai--OLMoE-1B-7B-0125-Instruct_config.json", nullptr},
    {"openai--gpt-oss-20b_config.json", nullptr},
    {"zai-org--GLM-4.7-Flash_config.fields.json", "model_type: found \"glm4_moe_lite\""},
};
INSTANTIATE_TEST_SUITE_P(All, PublishedConfig, ::testing::ValuesIn(kPublished));

TEST(PublishedConfigs, GiveTheModelsFigures) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(folder, "configs");

  const ModelConfig qwen =
      read_config(folder / "lmstudio-community--Qwen3-30B-A3B-MLX-4bit_config.json");
  const ModelConfig mixtral = read_config(folder / "mistralai--Mixtral-8x7B-v0.1_config.json");

  EXPECT_EQ(qwen.head_dim, 128);
  EXPECT_EQ(qwen.num_experts, 128);
  EXPECT_EQ(qwen.quantization->for_path("model.layers.0.mlp.gate")->bits, 4);
  EXPECT_EQ(mixtral.num_experts, 8);
  EXPECT_EQ(mixtral.intermediate_size, 14336);
  EXPECT_EQ(mixtral.rope_theta, 1e6F);
}

}  // namespace
}  // namespace fidelio
