#include "core/families/rope_frequencies.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"

namespace fidelio {
namespace {

/// theta^(2 i / head_dim), the exponent and the power rounded to float32.
float rope_power(float theta, std::int64_t head_dim, std::size_t i) {
  const float exponent = static_cast<float>(2 * i) / static_cast<float>(head_dim);
  return static_cast<float>(std::pow(static_cast<double>(theta), static_cast<double>(exponent)));
}

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

/// The dimension whose angle turns `rotations` times in the original context.
double yarn_dimension(double rotations, const ModelConfig& config) {
  constexpr double kTwoPi = 6.283185307179586;
  const auto dim = static_cast<double>(config.head_dim);
  const auto context = static_cast<double>(config.rope_scaling.original_max_position_embeddings);
  return dim * std::log(context / (rotations * kTwoPi)) /
         (2 * std::log(static_cast<double>(config.rope_theta)));
}

/// Blends frequencies divided by the factor (slow ones) with the unscaled (fast ones), float32 as
/// the reference does.
void scale_yarn(std::vector<float>& inv_freq, const ModelConfig& config) {
  const RopeScaling& scaling = config.rope_scaling;
  double low = yarn_dimension(static_cast<double>(scaling.beta_fast), config);
  double high = yarn_dimension(static_cast<double>(scaling.beta_slow), config);
  if (scaling.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, static_cast<double>(config.head_dim - 1));
  if (low == high) high += 0.001;
  for (std::size_t i = 0; i < inv_freq.size(); ++i) {
    const float place =
        (static_cast<float>(i) - static_cast<float>(low)) / static_cast<float>(high - low);
    const float unscaled = 1.0F - std::min(std::max(place, 0.0F), 1.0F);
    const float power = rope_power(config.rope_theta, config.head_dim, i);
    const float interpolated = 1.0F / (scaling.factor * power);
    inv_freq[i] = interpolated * (1.0F - unscaled) + 1.0F / power * unscaled;
  }
}

}  // namespace

std::vector<float> rope_inv_freq(float theta, std::int64_t head_dim) {
  std::vector<float> inv_freq;
  for (std::size_t i = 0; i < static_cast<std::size_t>(head_dim / 2); ++i)
    inv_freq.push_back(1.0F / rope_power(theta, head_dim, i));
  return inv_freq;
}

std::vector<float> rope_inv_freq(const ModelConfig& config) {
  std::vector<float> inv_freq = rope_inv_freq(config.rope_theta, config.head_dim);
  const RopeScaling& scaling = config.rope_scaling;
  if (scaling.type == RopeScaling::Type::factors) {
    FIDELIO_CHECK(scaling.factors.size() == inv_freq.size());
    for (std::size_t i = 0; i < inv_freq.size(); ++i) inv_freq[i] /= scaling.factors[i];
  }
  for (float& f : inv_freq) {
    if (scaling.type == RopeScaling::Type::linear) f /= scaling.factor;
    if (scaling.type == RopeScaling::Type::llama3) f = scaled_llama3(f, scaling);
  }
  if (scaling.type == RopeScaling::Type::yarn) scale_yarn(inv_freq, config);
  return inv_freq;
}

}  // namespace fidelio
