// The bytes of a random tensor, made in place and in any order: codes and scales directly, without
// floats that would have to be quantised. Which tensor gets which content is the formats' business.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "validate/synth/weight_spread.h"

namespace fidelio::synth {

/// How elements are stored. The blocks are GGUF's (llama.cpp, ggml-common.h).
enum class Encoding : std::uint8_t {
  f32,
  bf16,
  codes,         ///< random bits: affine or mxfp4 codes of any width
  affine_scale,  ///< bfloat16, of either sign
  affine_bias,   ///< bfloat16, -scale * (middle code) of the same stream's affine_scale
  e8m0_scale,    ///< exponents of mxfp4 groups, a byte each
  q4_0_block,
  q8_0_block,
  q6_k_block,
  mxfp4_block,
};

struct Content {
  Encoding encoding = Encoding::bf16;
  Spread spread;           ///< of the weights' values, also for codes and scales
  std::uint32_t bits = 0;  ///< of the codes that affine scales belong to

  bool operator==(const Content&) const = default;
};

/// Bytes that are made at once, and the weights they hold (1 for codes and scales).
struct Unit {
  std::size_t bytes;
  std::size_t weights;
};
Unit unit_of(Encoding encoding);

/// Fills `out` with the units from `first_unit` on; it may end inside the last one. `key` is
/// random_words.h's.
void fill(const Content& content, std::uint64_t key, std::uint64_t first_unit,
          std::span<std::byte> out);

}  // namespace fidelio::synth
