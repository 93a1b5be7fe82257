// Seeded random weights of any format and random activations, for kernel tests and benchmarks of
// small shapes.
#pragma once

#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "kernels/weights.h"

namespace fidelio::testing {

/// Owns the bytes that `view` borrows. Floats lie in (-1, 1); scales may be negative.
struct RandomWeights {
  std::vector<std::byte> data;
  std::vector<std::byte> scales;
  std::vector<std::byte> biases;
  WeightView view;
};

inline std::vector<float> random_floats(std::size_t n, std::uint32_t seed, float limit = 1.0F) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-limit, limit);
  std::vector<float> values(n);
  for (float& v : values) v = uniform(random);
  return values;
}

/// The top 16 bits of floats (bfloat16), or binary16 patterns of moderate exponent.
inline std::vector<std::byte> random_halves(std::size_t n, bool bf16, float limit,
                                            std::uint32_t seed) {
  const std::vector<float> values = random_floats(n, seed, limit);
  std::vector<std::byte> bytes(2 * n);
  for (std::size_t i = 0; i < n; ++i) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &values[i], 4);
    const std::uint32_t exponent =
        ((bits >> 23) & 0xFFU) - 112U;  // binary16 bias, in range for the values used here
    const std::uint32_t small =
        exponent > 30U ? 0U : exponent;  // wrapped below zero: flush to a subnormal
    const auto half = static_cast<std::uint16_t>(
        bf16 ? bits >> 16 : ((bits >> 16) & 0x8000U) | (small << 10) | ((bits >> 13) & 0x3FFU));
    std::memcpy(&bytes[2 * i], &half, 2);
  }
  return bytes;
}

inline std::vector<std::byte> as_bytes(const std::vector<float>& values) {
  std::vector<std::byte> bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

inline std::vector<std::byte> random_scales(std::size_t n, ScaleType type, float limit,
                                            std::uint32_t seed) {
  if (type == ScaleType::f32) return as_bytes(random_floats(n, seed, limit));
  return random_halves(n, type == ScaleType::bf16, limit, seed);
}

/// A binary16 number of random sign and magnitude 2^-12 ... 2^-8.
inline std::uint16_t random_half_scale(std::mt19937& random) {
  const auto bits = static_cast<std::uint16_t>(random());
  return static_cast<std::uint16_t>((bits & 0x83FFU) | ((3U + bits / 1024U % 4U) << 10));
}

/// Makes the scales within the blocks of a GGUF format moderate numbers of either sign.
inline void moderate_block_scales(WeightFormat format, std::vector<std::byte>& data,
                                  std::mt19937& random) {
  const std::size_t bytes = block_shape(format).bytes;
  for (std::size_t begin = 0; begin < data.size(); begin += bytes) {
    const std::uint16_t halves[2] = {random_half_scale(random), random_half_scale(random)};
    std::byte* block = &data[begin];
    if (format == WeightFormat::mxfp4_blocks) {
      *block = static_cast<std::byte>(115U + random() % 12U);
    } else if (format == WeightFormat::q6_k) {
      std::memcpy(block + bytes - 2, halves, 2);
    } else {
      std::memcpy(block, halves, format == WeightFormat::q4_1 ? 4 : 2);
    }
  }
}

/// `group_size` and `scale_type` are those of affine formats.
inline RandomWeights random_weights(WeightFormat format, std::size_t rows, std::size_t cols,
                                    std::uint32_t seed, std::uint32_t group_size = 64,
                                    ScaleType scale_type = ScaleType::bf16) {
  RandomWeights w;
  w.view.format = format;
  w.view.scale_type = scale_type;
  w.view.rows = rows;
  w.view.cols = cols;
  const unsigned bits = affine_bits(format);
  std::mt19937 random(seed);
  const auto random_bytes = [&](std::size_t n) {
    std::vector<std::byte> bytes(n);
    for (std::byte& b : bytes) b = static_cast<std::byte>(random() & 0xFFU);
    return bytes;
  };
  if (format == WeightFormat::f32) {
    w.data = as_bytes(random_floats(rows * cols, seed));
  } else if (format == WeightFormat::f16 || format == WeightFormat::bf16) {
    w.data = random_halves(rows * cols, format == WeightFormat::bf16, 1.0F, seed);
  } else if (format == WeightFormat::mxfp4) {
    w.data = random_bytes(rows * cols / 2);
    w.view.group_size = 32;
    w.view.scale_type = ScaleType::e8m0;
    w.scales = random_bytes(rows * cols / 32);
    for (std::byte& s : w.scales)
      s = static_cast<std::byte>(115U + std::to_integer<unsigned>(s) % 12U);
  } else if (bits == 0) {
    w.data = random_bytes(rows * data_bytes(format, cols));
    moderate_block_scales(format, w.data, random);
  } else {
    w.data = random_bytes(rows * cols * bits / 8);
    w.view.group_size = group_size;
    const std::size_t n = rows * cols / group_size;
    w.scales = random_scales(n, scale_type, bits == 8 ? 0.01F : 0.1F, seed + 1);
    w.biases = random_scales(n, scale_type, 0.5F, seed + 2);
  }
  set_adjacent_rows(w.view);
  w.view.data = w.data.data();
  w.view.scales = w.scales.data();
  w.view.biases = w.biases.data();
  return w;
}

}  // namespace fidelio::testing
