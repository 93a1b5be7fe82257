// The inverse frequencies of rotary embeddings, scaled for long contexts as config.json says. They
// are a constant of the graph, so that every evaluation of it reads the same values.
#pragma once

#include <vector>

#include "core/config.h"

namespace fidelio {

/// 1 / theta^(2 i / head_dim) for i < head_dim / 2, rounded as the reference does: exponent, power
/// and quotient each to float32. The power is computed in double and rounded once; torch's
/// vectorised float32 power misses that by one unit in the last place in about one frequency of a
/// hundred. Source: transformers, default RoPE initialisation.
std::vector<float> rope_inv_freq(float theta, std::int64_t head_dim);

/// The same, scaled: linear divides each by the factor; llama3 divides those whose wavelength is
/// longer than original_max_position_embeddings / low_freq_factor, keeps those shorter than
/// .../ high_freq_factor, and blends between; factors divides each by its own. Every step rounded
/// to float32, as torch does. Source: transformers, linear and llama3 RoPE initialisations.
std::vector<float> rope_inv_freq(const ModelConfig& config);

}  // namespace fidelio
