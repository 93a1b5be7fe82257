#include "validate/synth/tensor_content.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "core/check.h"
#include "validate/synth/random_words.h"

namespace fidelio::synth {
namespace {

/// Deviation of the mxfp4 values 0, 0.5, 1, 1.5, 2, 3, 4, 6 of either sign, all equally often.
constexpr double kE2m1Deviation = 2.926;
/// Of codes 0 to 63 around 32, and the root mean square of int8 sub-scales of 64 to 127.
constexpr double kQ6Deviation = 18.47;
constexpr double kQ6SubScale = 97.2;

double code_deviation(double levels) { return std::sqrt((levels * levels - 1) / 12); }

std::uint16_t to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
}

float from_bf16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

/// Of a finite value below 65520; ties to even, subnormals kept.
std::uint16_t to_f16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000U;
  const float magnitude = std::abs(value);
  const int exponent = std::max(-14, static_cast<int>(std::ilogb(std::max(magnitude, 1e-30F))));
  const auto mantissa =
      static_cast<std::uint32_t>(std::lrint(std::ldexp(magnitude, 10 - exponent)));
  const auto biased = static_cast<std::uint32_t>(exponent + 14) << 10;  // an implicit 1 carries
  return static_cast<std::uint16_t>(sign | (biased + mantissa));
}

std::uint32_t lane(std::uint64_t word, unsigned index) {
  return static_cast<std::uint32_t>(word >> (16 * index)) & 0xFFFFU;
}

/// Uniform in (-1, 1) from 16 bits.
float centered(std::uint32_t bits16) {
  return (static_cast<float>(bits16) + 0.5F) * (1.0F / 32768.0F) - 1.0F;
}

/// `magnitude` of either sign, a quarter more or less.
float scale_value(float magnitude, std::uint32_t bits16) {
  const float jitter = 0.75F + static_cast<float>(bits16 >> 1) * (0.5F / 32768.0F);
  return (bits16 & 1U) != 0 ? -magnitude * jitter : magnitude * jitter;
}

template <class T>
void put(std::byte* out, const T& value) {
  std::memcpy(out, &value, sizeof value);
}

/// Random bytes from the words [first, first + bytes / 8).
void put_codes(std::byte* out, std::size_t bytes, std::uint64_t key, std::uint64_t first) {
  for (std::size_t i = 0; i < bytes / 8; ++i) put(out + 8 * i, random_word(key, first + i));
}

/// Two neighbouring exponents, drawn so that the values have the deviation.
class E8m0 {
 public:
  explicit E8m0(double deviation) {
    const double exponent = std::log2(deviation / kE2m1Deviation);
    low_ = static_cast<int>(std::floor(exponent));
    // In 65536ths: share s of the larger with s 4^(low+1) + (1-s) 4^low = 4^exponent.
    larger_ = static_cast<std::uint32_t>(65536 * (std::exp2(2 * (exponent - low_)) - 1) / 3);
    FIDELIO_CHECK(low_ + 127 > 0 && low_ + 128 < 255);
  }
  std::byte operator()(std::uint32_t bits16) const {
    return static_cast<std::byte>(low_ + 127 + (bits16 < larger_ ? 1 : 0));
  }

 private:
  int low_ = 0;
  std::uint32_t larger_ = 0;
};

/// Calls make(unit, where) for every unit of `out`; the last may be cut.
template <std::size_t kBytes, class Make>
void each_unit(std::uint64_t first, std::span<std::byte> out, const Make& make) {
  const std::size_t whole = out.size() / kBytes;
  for (std::size_t i = 0; i < whole; ++i) make(first + i, out.data() + i * kBytes);
  const std::size_t rest = out.size() % kBytes;
  if (rest == 0) return;
  std::array<std::byte, kBytes> last;
  make(first + whole, last.data());
  std::memcpy(out.data() + whole * kBytes, last.data(), rest);
}

void fill_floats(const Content& content, std::uint64_t key, std::uint64_t first,
                 std::span<std::byte> out) {
  const float mean = content.spread.mean;
  const float half_range = content.spread.deviation * 1.7320508F;
  const auto value = [=](std::uint64_t word, unsigned i) {
    return mean + half_range * centered(lane(word, i));
  };
  if (content.encoding == Encoding::f32) {
    each_unit<16>(first, out, [=](std::uint64_t unit, std::byte* at) {
      const std::uint64_t word = random_word(key, unit);
      for (unsigned i = 0; i < 4; ++i) put(at + std::size_t{4} * i, value(word, i));
    });
  } else {
    each_unit<8>(first, out, [=](std::uint64_t unit, std::byte* at) {
      const std::uint64_t word = random_word(key, unit);
      std::uint64_t packed = 0;
      for (unsigned i = 0; i < 4; ++i) packed |= std::uint64_t{to_bf16(value(word, i))} << (16 * i);
      put(at, packed);
    });
  }
}

void fill_affine(const Content& content, std::uint64_t key, std::uint64_t first,
                 std::span<std::byte> out) {
  const double levels = std::exp2(content.bits);
  const auto magnitude = static_cast<float>(content.spread.deviation / code_deviation(levels));
  const auto middle = static_cast<float>((levels - 1) / 2);
  const bool bias = content.encoding == Encoding::affine_bias;
  each_unit<8>(first, out, [=](std::uint64_t unit, std::byte* at) {
    const std::uint64_t word = random_word(key, unit);
    std::uint64_t packed = 0;
    for (unsigned i = 0; i < 4; ++i) {
      const std::uint16_t scale = to_bf16(scale_value(magnitude, lane(word, i)));
      const std::uint16_t stored = bias ? to_bf16(-from_bf16(scale) * middle) : scale;
      packed |= std::uint64_t{stored} << (16 * i);
    }
    put(at, packed);
  });
}

void fill_e8m0(const Content& content, std::uint64_t key, std::uint64_t first,
               std::span<std::byte> out) {
  const E8m0 exponent(content.spread.deviation);
  each_unit<4>(first, out, [=](std::uint64_t unit, std::byte* at) {
    const std::uint64_t word = random_word(key, unit);
    for (unsigned i = 0; i < 4; ++i) at[i] = exponent(lane(word, i));
  });
}

/// Blocks of a float16 scale and codes: kWords words of codes behind the word that the scale needs.
template <std::size_t kWords>
void fill_scaled_blocks(float magnitude, std::uint64_t key, std::uint64_t first,
                        std::span<std::byte> out) {
  each_unit<2 + 8 * kWords>(first, out, [=](std::uint64_t unit, std::byte* at) {
    const std::uint64_t word = unit * (kWords + 1);
    put(at, to_f16(scale_value(magnitude, lane(random_word(key, word), 0))));
    put_codes(at + 2, 8 * kWords, key, word + 1);
  });
}

void fill_q6_k(float magnitude, std::uint64_t key, std::uint64_t first, std::span<std::byte> out) {
  constexpr std::size_t kCodes = 192;
  constexpr std::size_t kSubScales = 16;
  constexpr std::uint64_t kWords = (kCodes + kSubScales) / 8 + 1;
  each_unit<kCodes + kSubScales + 2>(first, out, [=](std::uint64_t unit, std::byte* at) {
    const std::uint64_t word = unit * kWords;
    put_codes(at, kCodes + kSubScales, key, word);
    // Sub-scales of 64 to 127 and either sign.
    for (std::size_t i = kCodes; i < kCodes + kSubScales; ++i) {
      const auto random = static_cast<int>(at[i]);
      const int size = 64 + random % 64;
      at[i] = static_cast<std::byte>(random >= 128 ? -size : size);
    }
    const std::uint32_t bits = lane(random_word(key, word + kWords - 1), 0);
    put(at + kCodes + kSubScales, to_f16(scale_value(magnitude, bits)));
  });
}

void fill_mxfp4_blocks(const Content& content, std::uint64_t key, std::uint64_t first,
                       std::span<std::byte> out) {
  const E8m0 exponent(content.spread.deviation);
  each_unit<17>(first, out, [=](std::uint64_t unit, std::byte* at) {
    at[0] = exponent(lane(random_word(key, 3 * unit), 0));
    put_codes(at + 1, 16, key, 3 * unit + 1);
  });
}

}  // namespace

Unit unit_of(Encoding encoding) {
  switch (encoding) {
    case Encoding::f32:
      return {16, 4};
    case Encoding::bf16:
      return {8, 4};
    case Encoding::codes:
    case Encoding::affine_scale:
    case Encoding::affine_bias:
      return {8, 1};
    case Encoding::e8m0_scale:
      return {4, 1};
    case Encoding::q4_0_block:
      return {18, 32};
    case Encoding::q8_0_block:
      return {34, 32};
    case Encoding::q6_k_block:
      return {210, 256};
    case Encoding::mxfp4_block:
      return {17, 32};
  }
  check_failed("an encoding without a unit", __FILE__, __LINE__);
}

void fill(const Content& content, std::uint64_t key, std::uint64_t first_unit,
          std::span<std::byte> out) {
  const double deviation = content.spread.deviation;
  switch (content.encoding) {
    case Encoding::f32:
    case Encoding::bf16:
      return fill_floats(content, key, first_unit, out);
    case Encoding::codes:
      return each_unit<8>(first_unit, out, [=](std::uint64_t unit, std::byte* at) {
        put(at, random_word(key, unit));
      });
    case Encoding::affine_scale:
    case Encoding::affine_bias:
      return fill_affine(content, key, first_unit, out);
    case Encoding::e8m0_scale:
      return fill_e8m0(content, key, first_unit, out);
    case Encoding::q4_0_block:
      return fill_scaled_blocks<2>(static_cast<float>(deviation / code_deviation(16)), key,
                                   first_unit, out);
    case Encoding::q8_0_block:
      return fill_scaled_blocks<4>(static_cast<float>(deviation / code_deviation(256)), key,
                                   first_unit, out);
    case Encoding::q6_k_block:
      return fill_q6_k(static_cast<float>(deviation / (kQ6Deviation * kQ6SubScale)), key,
                       first_unit, out);
    case Encoding::mxfp4_block:
      return fill_mxfp4_blocks(content, key, first_unit, out);
  }
}

}  // namespace fidelio::synth
