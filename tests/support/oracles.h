// The checkpoints of tests/data/oracles with the logits that other implementations computed for
// them (its README says how), and the measure by which ours are held to those.
#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

namespace fidelio::testing {

inline const std::filesystem::path kOracles =
    std::filesystem::path(FIDELIO_SOURCE_DIR) / "tests/data/oracles";

/// A small model with experts, quantised: what tests run that need just some model.
inline const std::string kSmallMoe = (kOracles / "qwen3_moe/mlx4g64").string();

struct OracleCase {
  const char* folder;

  std::filesystem::path dir() const { return kOracles / folder; }
  bool is_float32() const { return dir().filename() == "float32"; }
  /// Of the largest logit: 1e-5 for float32 weights, 1e-4 for quantised ones.
  double tolerance() const { return is_float32() ? 1e-5 : 1e-4; }
  /// The folder as a test's name.
  std::string name() const {
    std::string text = folder;
    for (char& c : text) c = c == '/' ? '_' : c;
    return text;
  }
};

/// Names the tests of a suite over OracleCases.
inline constexpr auto kOracleName = [](const auto& info) { return info.param.name(); };

inline void PrintTo(const OracleCase& oracle, std::ostream* out) { *out << oracle.folder; }

/// Every family, in float32 and quantised.
inline constexpr OracleCase kFamilyOracles[] = {
    {"gpt_oss/float32"},
    {"gpt_oss_mxfp4/mlx_mxfp4"},
    {"gpt_oss_mxfp4/mxfp4"},
    {"lfm2/float32"},
    {"lfm2/mlx4g64"},
    {"lfm2/mlx8g64"},
    {"lfm2_moe/float32"},
    {"lfm2_moe_4bit/mlx4g64"},
    {"lfm2_moe_unbiased/mlx8g64"},
    {"llama_linear/float32"},
    {"llama_linear/mlx6g32"},
    {"llama_llama3/float32"},
    {"llama_llama3/mixed_3_6"},
    {"llama_traditional/mlx8g64"},
    {"mistral/float32"},
    {"mistral_no_window/mlx3g64"},
    {"mixtral/float32"},
    {"mixtral/mlx4g32"},
    {"olmoe/float32"},
    {"olmoe/mlx5g64"},
    {"qwen2/float32"},
    {"qwen2/mlx4g32"},
    {"qwen3/float32"},
    {"qwen3/mixed_2_6"},
    {"qwen3/mlx5g32"},
    {"qwen3_upper_window/float32"},
    {"qwen3_moe/float32"},
    {"qwen3_moe/mlx4g64"},
    {"qwen3_moe_tied/mlx8g32"},
};

/// One model in every width and group size of MLX's affine quantisation.
inline constexpr OracleCase kBitsOracles[] = {
    {"bits/mlx2g32"},  {"bits/mlx2g64"},  {"bits/mlx2g128"}, {"bits/mlx3g32"},  {"bits/mlx3g64"},
    {"bits/mlx3g128"}, {"bits/mlx4g32"},  {"bits/mlx4g64"},  {"bits/mlx4g128"}, {"bits/mlx5g32"},
    {"bits/mlx5g64"},  {"bits/mlx5g128"}, {"bits/mlx6g32"},  {"bits/mlx6g64"},  {"bits/mlx6g128"},
    {"bits/mlx8g32"},  {"bits/mlx8g64"},  {"bits/mlx8g128"},
};

/// The prompt of every logits.npy.
inline std::vector<std::int32_t> oracle_prompt() {
  return nlohmann::json::parse(std::ifstream(kOracles / "prompt_ids.json"))
      .get<std::vector<std::int32_t>>();
}

/// max |actual - expected| / max |expected|; infinity where a value is not finite or the sizes
/// differ.
inline double relative_error(const std::vector<float>& actual, const std::vector<float>& expected) {
  if (actual.size() != expected.size()) return INFINITY;
  double err = 0;
  double magnitude = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double difference =
        std::abs(static_cast<double>(actual[i]) - static_cast<double>(expected[i]));
    if (!(difference <= err)) err = std::isfinite(difference) ? difference : INFINITY;
    magnitude = std::max(magnitude, std::abs(static_cast<double>(expected[i])));
  }
  return err / magnitude;
}

}  // namespace fidelio::testing
