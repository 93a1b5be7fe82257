#include "core/families/rope_frequencies.h"

#include <cmath>

namespace fidelio {
namespace {

/// One frequency under llama3's scaling.
float scaled_llama3(float inv_freq, const RopeScaling& scaling) {
  constexpr auto kTwoPi = static_cast<float>(6.283185307179586);
  const auto context = static_cast<double>(scaling.original_max_position_embeddings);
  const auto low_freq_wavelen =
      static_cast<float>(context / static_cast<double>(scaling.low_freq_factor));
  const auto high_freq_wavelen =
      static_cast<float>(context / static_cast<double>(scaling.high_freq_factor));
  const float wavelen = 1.0F / inv_freq * kTwoPi;
  if (wavelen > low_freq_wavelen) return inv_freq / scaling.factor;
  if (wavelen < high_freq_wavelen) return inv_freq;
  const float periods = 1.0F / wavelen * static_cast<float>(context);
  const float smooth =
      (periods - scaling.low_freq_factor) / (scaling.high_freq_factor - scaling.low_freq_factor);
  return (1.0F - smooth) * inv_freq / scaling.factor + smooth * inv_freq;
}

}  // namespace

std::vector<float> rope_inv_freq(float theta, std::int64_t head_dim) {
  std::vector<float> inv_freq;
  for (std::int64_t i = 0; i < head_dim; i += 2) {
    const float exponent = static_cast<float>(i) / static_cast<float>(head_dim);
    const auto power =
        static_cast<float>(std::pow(static_cast<double>(theta), static_cast<double>(exponent)));
    inv_freq.push_back(1.0F / power);
  }
  return inv_freq;
}

std::vector<float> rope_inv_freq(const ModelConfig& config) {
  std::vector<float> inv_freq = rope_inv_freq(config.rope_theta, config.head_dim);
  const RopeScaling& scaling = config.rope_scaling;
  for (float& f : inv_freq) {
    if (scaling.type == RopeScaling::Type::linear) f /= scaling.factor;
    if (scaling.type == RopeScaling::Type::llama3) f = scaled_llama3(f, scaling);
  }
  return inv_freq;
}

}  // namespace fidelio
