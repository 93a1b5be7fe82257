// The rounding points that an approximate patch may declare, each fixed to the bit, and each as a
// plain function of rows: what truth and reports read. The kernels that compute with rounded values
// have code of their own (gather_matmul_rounded.h), so that tests may hold one to the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fidelio {

/// x^ = q * scale per block of 32 elements along the row, the row's last block being shorter where
/// 32 does not divide it: scale = amax / 127 (int8) or amax / 32767 (int16), q = x / scale rounded
/// to the nearest integer, ties to even; the division, the quotient and the product are float32.
/// Where scale is below 2^-126 (amax = 0, or nearly) the block is +0. Where an element is NaN or
/// infinite the whole block is NaN.
enum class Rounding : std::uint8_t { int8_per_32, int16_per_32 };

inline constexpr std::size_t kRoundingBlock = 32;

/// "int8 per 32, scale amax/127, round to even"
std::string_view rounding_text(Rounding rounding);

/// Replaces x [rows, cols] by x^.
void round_rows(Rounding rounding, float* x, std::size_t rows, std::size_t cols);

}  // namespace fidelio
