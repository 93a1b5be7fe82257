// What the stored bits of a weight are worth, as scalar code: the contract's part on weights
// (docs/numerics.md). Every vector decoder must give the same bits. Where the bits lie in a file is
// core/checkpoint.h.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernels/weights.h"

namespace fidelio::contract {

inline float widen_bf16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

/// binary16 to binary32, exact; subnormals and infinities included.
inline float widen_f16(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000U) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1FU;
  const std::uint32_t mantissa = bits & 0x3FFU;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24F;
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint32_t widened = exponent == 31 ? 0x7F800000U : (exponent + 112U) << 23;
  return std::bit_cast<float>(sign | widened | (mantissa << 13));
}

/// 2^(bits - 127); 0 is the subnormal 2^-127.
inline float widen_e8m0(std::uint8_t bits) {
  return std::bit_cast<float>(bits == 0 ? 0x00400000U : static_cast<std::uint32_t>(bits) << 23);
}

template <typename T>
T load(const std::byte* bytes, std::size_t index) {
  T value;
  std::memcpy(&value, bytes + index * sizeof(T), sizeof(T));
  return value;
}

inline float scale_value(const std::byte* scales, ScaleType type, std::size_t index) {
  switch (type) {
    case ScaleType::f16:
      return widen_f16(load<std::uint16_t>(scales, index));
    case ScaleType::bf16:
      return widen_bf16(load<std::uint16_t>(scales, index));
    case ScaleType::e8m0:
      return widen_e8m0(load<std::uint8_t>(scales, index));
    case ScaleType::f32:
      break;
  }
  return load<float>(scales, index);
}

/// Code i of a stream of `bits`-bit codes; reads only the one or two bytes that hold it.
inline unsigned affine_code(const std::byte* stream, unsigned bits, std::size_t i) {
  const std::size_t first = i * bits / 8;
  const auto shift = static_cast<unsigned>(i * bits % 8);
  auto window = std::to_integer<unsigned>(stream[first]);
  if (shift + bits > 8) window |= std::to_integer<unsigned>(stream[first + 1]) << 8;
  return (window >> shift) & ((1U << bits) - 1U);
}

/// E2M1 numbers by code (OCP Microscaling Formats 1.0): a sign, two bits of exponent, one of
/// mantissa. Code 8 is -0.
inline constexpr float kE2M1[16] = {+0.0F, 0.5F,  1.0F,  1.5F,  2.0F,  3.0F,  4.0F,  6.0F,
                                    -0.0F, -0.5F, -1.0F, -1.5F, -2.0F, -3.0F, -4.0F, -6.0F};

/// Twice E2M1, as ggml has it: integers, so that code 8 is +0.
inline constexpr std::int8_t kTwiceE2M1[16] = {0, 1,  2,  3,  4,  6,  8,  12,
                                               0, -1, -2, -3, -4, -6, -8, -12};

/// Half of what an e8m0 byte is worth, for twice E2M1: 2^(bits - 128). 255 has a meaning here,
/// ggml's: 2^127.
inline float half_e8m0(std::uint8_t bits) {
  return std::bit_cast<float>(bits < 2 ? 0x00200000U << bits
                                       : (static_cast<std::uint32_t>(bits) - 1U) << 23);
}

/// Code i of a GGUF block of 32 four-bit codes: 16 bytes, low nibbles first 16, then high ones.
inline unsigned nibble_of_halves(const std::byte* codes, std::size_t i) {
  const auto pair = std::to_integer<unsigned>(codes[i % 16]);
  return i < 16 ? pair & 15U : pair >> 4;
}

/// Where a Q6_K block of 256 keeps its parts: low nibbles, high pairs of bits, a scale for every 16
/// elements, the scale of scales.
struct Q6kLayout {
  static constexpr std::size_t kHigh = 128;
  static constexpr std::size_t kScales = 192;
  static constexpr std::size_t kD = 208;
};

/// Code i of a Q6_K block, 0 ... 63: each half of 128 elements has 64 bytes of low nibbles, those
/// of elements 0 ... 63 in the low, of 64 ... 127 in the high part, and 32 bytes of high bits,
/// those of element l, 32 + l, 64 + l and 96 + l from the lowest bit of byte l on.
inline unsigned q6_k_code(const std::byte* block, std::size_t i) {
  const std::size_t half = i / 128;
  const std::size_t quarter = i % 128 / 32;
  const auto low = std::to_integer<unsigned>(block[64 * half + i % 64]);
  const auto high = std::to_integer<unsigned>(block[Q6kLayout::kHigh + 32 * half + i % 32]);
  return ((quarter < 2 ? low & 15U : low >> 4) | (high >> (2 * quarter) & 3U) << 4);
}

/// What neighbouring elements of a row have in common. A weight is fma(scale, code, bias); both are
/// exact. Formats without biases have -0, which adds nothing to any product; floats have scale 1.
struct Scaling {
  float scale = 1.0F;
  float bias = -0.0F;
};

/// Elements from a multiple of this on share a Scaling; it divides cols, or is 1 for floats.
inline std::size_t scaling_run(const WeightView& w) {
  if (w.group_size != 0) return w.group_size;
  if (w.format == WeightFormat::q6_k) return 16;
  return block_shape(w.format).elements == 0 ? 1 : block_shape(w.format).elements;
}

/// The block of a GGUF format that holds w[row, col].
inline const std::byte* block_of(const WeightView& w, std::size_t row, std::size_t col) {
  const BlockShape shape = block_shape(w.format);
  return w.data + row * w.row_stride + col / shape.elements * shape.bytes;
}

inline Scaling scaling_of(const WeightView& w, std::size_t row, std::size_t col) {
  if (w.group_size != 0) {
    const std::size_t offset = row * w.scale_stride;
    const std::size_t group = col / w.group_size;
    const float scale = scale_value(w.scales + offset, w.scale_type, group);
    if (w.format == WeightFormat::mxfp4) return {scale};
    return {scale, scale_value(w.biases + offset, w.scale_type, group)};
  }
  if (block_shape(w.format).elements == 0) return {};
  const std::byte* block = block_of(w, row, col);
  switch (w.format) {
    case WeightFormat::q4_1:
      return {widen_f16(load<std::uint16_t>(block, 0)), widen_f16(load<std::uint16_t>(block, 1))};
    case WeightFormat::q6_k: {
      const float d = widen_f16(load<std::uint16_t>(block + Q6kLayout::kD, 0));
      return {d *
              static_cast<float>(load<std::int8_t>(block + Q6kLayout::kScales, col % 256 / 16))};
    }
    case WeightFormat::mxfp4_blocks:
      return {half_e8m0(load<std::uint8_t>(block, 0))};
    default:  // q8_0, q4_0
      return {widen_f16(load<std::uint16_t>(block, 0))};
  }
}

/// What the code of w[row, col] stands for; floats stand for themselves.
inline float code_value(const WeightView& w, std::size_t row, std::size_t col) {
  const std::byte* data = w.data + row * w.row_stride;
  switch (w.format) {
    case WeightFormat::f32:
      return load<float>(data, col);
    case WeightFormat::f16:
      return widen_f16(load<std::uint16_t>(data, col));
    case WeightFormat::bf16:
      return widen_bf16(load<std::uint16_t>(data, col));
    case WeightFormat::mxfp4:
      return kE2M1[affine_code(data, 4, col)];
    case WeightFormat::q8_0:
      return load<std::int8_t>(block_of(w, row, col) + 2, col % 32);
    case WeightFormat::q4_0:
      return static_cast<float>(nibble_of_halves(block_of(w, row, col) + 2, col % 32)) - 8.0F;
    case WeightFormat::q4_1:
      return static_cast<float>(nibble_of_halves(block_of(w, row, col) + 4, col % 32));
    case WeightFormat::q6_k:
      return static_cast<float>(q6_k_code(block_of(w, row, col), col % 256)) - 32.0F;
    case WeightFormat::mxfp4_blocks:
      return kTwiceE2M1[nibble_of_halves(block_of(w, row, col) + 1, col % 32)];
    default:
      return static_cast<float>(affine_code(data, affine_bits(w.format), col));
  }
}

/// The float32 value of w[row, col]: floats as they are, all else fma(scale, code, bias), the one
/// rounding.
inline float weight_value(const WeightView& w, std::size_t row, std::size_t col) {
  const float code = code_value(w, row, col);
  const Scaling scaling = scaling_of(w, row, col);
  const bool is_float = w.format <= WeightFormat::bf16;
  return is_float ? code : std::fma(scaling.scale, code, scaling.bias);
}

}  // namespace fidelio::contract
