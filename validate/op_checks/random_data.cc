#include "validate/op_checks/random_data.h"

#include <cstring>

namespace fidelio {
namespace {

/// A binary float: sign, exponent and mantissa from high to low.
struct FloatLayout {
  unsigned exponent_bits;
  unsigned mantissa_bits;

  int bias() const { return (1 << (exponent_bits - 1)) - 1; }
  std::uint32_t bits(bool negative, std::uint32_t exponent, std::uint32_t mantissa) const {
    return (negative ? 1U << (exponent_bits + mantissa_bits) : 0U) | (exponent << mantissa_bits) |
           mantissa;
  }
  std::uint32_t all_ones() const { return (1U << exponent_bits) - 1U; }
};

FloatLayout layout_of(ScaleType type) {
  if (type == ScaleType::f16) return {5, 10};
  return type == ScaleType::bf16 ? FloatLayout{8, 7} : FloatLayout{8, 23};
}

/// Powers of two, first to last, of a kind's normal numbers. Huge float32 ones leave room for a
/// code of 8 bits and a sum of a thousand terms, so that not all of them overflow.
struct Exponents {
  int first;
  int last;
};

Exponents exponents_of(DataKind kind, const FloatLayout& layout, int shift) {
  const bool wide = layout.exponent_bits == 8;
  const int least = 1 - layout.bias();
  switch (kind) {
    case DataKind::huge:
      return wide ? Exponents{80, 110} : Exponents{layout.bias() - 5, layout.bias()};
    case DataKind::tiny:
      return wide ? Exponents{least, -60} : Exponents{least, least + 3};
    case DataKind::denormals:
      return {least, least + 3};
    default:
      return {shift - 6, shift - 1};
  }
}

std::uint32_t random_number(Random& random, const FloatLayout& layout, DataKind kind, int shift) {
  const bool negative = kind == DataKind::negative_scales || random.below(2) == 1;
  const auto mantissa =
      static_cast<std::uint32_t>(random.next() >> 40) & ((1U << layout.mantissa_bits) - 1U);
  if (kind == DataKind::signed_zeros && random.below(3) != 0) return layout.bits(negative, 0, 0);
  if (kind == DataKind::denormals && random.below(2) == 0)
    return layout.bits(negative, 0, mantissa | 1U);
  const Exponents range = exponents_of(kind, layout, shift);
  const int n_exponents = range.last - range.first + 1;
  const int exponent =
      range.first + static_cast<int>(random.below(static_cast<std::size_t>(n_exponents)));
  return layout.bits(negative, static_cast<std::uint32_t>(exponent + layout.bias()), mantissa);
}

/// A quiet NaN or an infinity.
std::uint32_t random_special(Random& random, const FloatLayout& layout, DataKind kind) {
  const std::uint32_t quiet = 1U << (layout.mantissa_bits - 1);
  return layout.bits(random.below(2) == 1, layout.all_ones(), kind == DataKind::nan ? quiet : 0U);
}

}  // namespace

std::uint64_t Random::next() {
  std::uint64_t z = state_ += 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

void fill_floats(Random& random, ScaleType type, DataKind kind, int shift, std::size_t n,
                 std::byte* out) {
  const FloatLayout layout = layout_of(type);
  const std::size_t size = scale_bytes(type);
  const auto put = [&](std::size_t i, std::uint32_t bits) {
    if (size == 4) {
      std::memcpy(out + 4 * i, &bits, 4);
    } else {
      const auto half = static_cast<std::uint16_t>(bits);
      std::memcpy(out + 2 * i, &half, 2);
    }
  };
  for (std::size_t i = 0; i < n; ++i) put(i, random_number(random, layout, kind, shift));
  if (n == 0 || (kind != DataKind::nan && kind != DataKind::infinite)) return;
  for (std::size_t planted = 1 + random.below(3); planted-- > 0;)
    put(random.below(n), random_special(random, layout, kind));
}

}  // namespace fidelio
