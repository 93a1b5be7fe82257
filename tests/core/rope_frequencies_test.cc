// Inverse frequencies against torch's, plain and scaled.
#include "core/families/rope_frequencies.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace fidelio {
namespace {

/// First, second, third, fourth, middle and last of the inverse frequencies. Made with torch 2:
///   t = 1.0 / (base ** (torch.arange(0, d, 2, dtype=torch.int64).to(torch.float) / d))
///   [float.hex(float(t[i])) for i in (0, 1, 2, 3, len(t) // 2, len(t) - 1)]
TEST(RopeFrequencies, AreTorchs) {
  struct Case {
    float theta;
    std::int64_t head_dim;
    std::vector<float> expected;
  };
  const std::vector<Case> cases = {
      {1e4F,
       64,
       {1, 0x1.7ff222p-1F, 0x1.1feb34p-1F, 0x1.afd136p-2F, 0x1.47ae14p-7F, 0x1.17a8e4p-13F}},
      {1e6F,
       128,
       {1, 0x1.9c975ap-1F, 0x1.4c7bcp-1F, 0x1.0beddep-1F, 0x1.0624dep-10F, 0x1.4d1c98p-20F}},
      {5e5F,
       128,
       {1, 0x1.a11582p-1F, 0x1.53c38cp-1F, 0x1.14c708p-1F, 0x1.72ba42p-10F, 0x1.4985fep-19F}},
  };
  for (const Case& c : cases) {
    const std::vector<float> t = rope_inv_freq(c.theta, c.head_dim);
    ASSERT_EQ(t.size(), static_cast<std::size_t>(c.head_dim / 2));
    EXPECT_EQ((std::vector<float>{t[0], t[1], t[2], t[3], t[t.size() / 2], t.back()}), c.expected);
  }
}

/// First, second, then across the blended wavelengths, last. Made with transformers 5:
///   ROPE_INIT_FUNCTIONS["llama3"](LlamaConfig(head_dim=128, rope_parameters=...), "cpu")[0]
TEST(RopeFrequencies, OfLlama3AreTorchs) {
  ModelConfig config;
  config.head_dim = 128;
  config.rope_theta = 5e5F;
  config.rope_scaling = {RopeScaling::Type::llama3, 32.0F, 1.0F, 4.0F, 8192};

  const std::vector<float> t = rope_inv_freq(config);

  EXPECT_EQ(
      (std::vector<float>{t[0], t[1], t[28], t[30], t[32], t[34], t[36], t[38], t[63]}),
      (std::vector<float>{1, 0x1.a11582p-1F, 0x1.a4ee4p-9F, 0x1.524f36p-10F, 0x1.c26c4p-12F,
                          0x1.9731eep-14F, 0x1.46831ap-16F, 0x1.b15902p-17F, 0x1.4985fep-24F}));
}

/// First, then before, in and behind the blend, last. Made with transformers 5 on gpt-oss's config:
///   ROPE_INIT_FUNCTIONS["yarn"](GptOssConfig(rope_parameters=...), "cpu")[0]
TEST(RopeFrequencies, OfYarnAreTorchs) {
  ModelConfig config;
  config.head_dim = 64;
  config.rope_theta = 150000;
  config.rope_scaling.type = RopeScaling::Type::yarn;
  config.rope_scaling.factor = 32;
  config.rope_scaling.original_max_position_embeddings = 4096;
  const auto some = [&](bool truncate) {
    config.rope_scaling.truncate = truncate;
    const std::vector<float> t = rope_inv_freq(config);
    return std::vector<float>{t[0], t[8], t[12], t[16], t[20], t[31]};
  };

  EXPECT_EQ(some(false), (std::vector<float>{1, 0x1.a04328p-5F, 0x1.bd508p-8F, 0x1.dea878p-12F,
                                             0x1.31265p-16F, 0x1.44a5a6p-22F}));
  EXPECT_EQ(some(true), (std::vector<float>{1, 0x1.a04328p-5F, 0x1.cbc826p-8F, 0x1.309574p-11F,
                                            0x1.31265p-16F, 0x1.44a5a6p-22F}));
}

TEST(RopeFrequencies, AreDividedByALinearFactor) {
  ModelConfig config;
  config.head_dim = 128;
  config.rope_theta = 1e4F;
  config.rope_scaling = {RopeScaling::Type::linear, 3.0F};

  const std::vector<float> t = rope_inv_freq(config);

  EXPECT_EQ((std::vector<float>{t[0], t[1], t[32], t[63]}),
            (std::vector<float>{0x1.555556p-2F, 0x1.27951ep-2F, 0x1.b4e81ap-9F, 0x1.42e682p-15F}));
}

/// torch's vectorised float32 power is not rounded correctly everywhere: of the 64 frequencies of
/// theta = 1e6, head_dim = 128, it differs from ours in this one, by one unit in the last place.
TEST(RopeFrequencies, MayDifferFromTorchsByOneUlp) {
  const float torchs = 0.0003398208355065435F;

  const float ours = rope_inv_freq(1e6F, 128)[37];

  EXPECT_EQ(ours, std::nextafter(torchs, 0.0F));
}

/// The divisors as llama.cpp's converter writes them, one for each wavelength.
TEST(RopeFrequencies, DividedByLlama3sFactorsAreLlama3s) {
  ModelConfig llama3;
  llama3.head_dim = 128;
  llama3.rope_theta = 5e5F;
  llama3.rope_scaling = {RopeScaling::Type::llama3, 32.0F, 1.0F, 4.0F, 8192};
  const std::vector<float> expected = rope_inv_freq(llama3);
  ModelConfig divided = llama3;
  divided.rope_scaling = {};
  const std::vector<float> unscaled = rope_inv_freq(divided);
  divided.rope_scaling.type = RopeScaling::Type::factors;
  for (const float f : unscaled) {
    const double wavelength = 2 * M_PI / static_cast<double>(f);
    const double smooth = (8192 / wavelength - 1) / 3;
    divided.rope_scaling.factors.push_back(
        smooth > 1   ? 1
        : smooth < 0 ? 32
                     : static_cast<float>(1 / ((1 - smooth) / 32 + smooth)));
  }

  const std::vector<float> actual = rope_inv_freq(divided);

  EXPECT_NE(actual, unscaled);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(actual[i], expected[i], expected[i] * 3 * 0x1p-24F) << i;
  }
}

}  // namespace
}  // namespace fidelio
