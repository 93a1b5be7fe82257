// rope: rotary position embedding.
//   x, y [n_tokens, heads, head_dim], y may be x; table: cos and sin [positions, head_dim / 2];
//   positions [n_tokens]. Pair i of a head is its elements a, b = i, i + head_dim / 2 (half-split),
//   or 2 i, 2 i + 1 (interleaved): y[a] = x[a] cos - x[b] sin;  y[b] = x[b] cos + x[a] sin; every
//   product rounded, no FMA. Exact rounding steps only, so one scalar implementation serves every
//   target. The table: angle = float32(position) * inv_freq rounded to float32, as the reference
//   implementations do; cos and sin of that angle in double by our own code, rounded once to
//   float32.
// Source: Su et al. 2021, RoFormer (interleaved); half-split as in GPT-NeoX and the Hugging Face
// checkpoints.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/share.h"

namespace fidelio {

struct RopeTable {
  std::size_t half = 0;    ///< head_dim / 2
  std::vector<float> cos;  ///< [positions, half]
  std::vector<float> sin;  ///< [positions, half]
};

/// inv_freq [half]; positions from 0. Every rounded cos and sin is multiplied by attention_factor
/// and rounded again (YaRN; Peng et al. 2023).
RopeTable make_rope_table(const float* inv_freq, std::size_t half, std::size_t n_positions,
                          float attention_factor = 1);

/// cos and sin of a float32 angle, in double, error below 1e-15 for |angle| < 2^20.
void cos_sin(float angle, double* cos, double* sin);

struct RopeArgs {
  const float* x = nullptr;
  float* y = nullptr;
  const RopeTable* table = nullptr;
  const std::int32_t* positions = nullptr;
  std::size_t n_tokens = 0;
  std::size_t heads = 0;
  bool interleaved = false;  ///< pairs of neighbours instead of halves
};

using RopeFn = void (*)(const RopeArgs&, Share);

void rope_ref(const RopeArgs& args, Share share);

}  // namespace fidelio
