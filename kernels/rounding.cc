// Declared rounding points as scalar code. Kernels must not use it: it is what they are held to.
#include "kernels/rounding.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fidelio {
namespace {

float largest_code(Rounding rounding) {
  return rounding == Rounding::int8_per_32 ? 127.0F : 32767.0F;
}

void round_block(float largest, float* x, std::size_t n) {
  const bool finite = std::all_of(x, x + n, [](float v) { return std::isfinite(v); });
  float amax = 0.0F;
  for (std::size_t i = 0; i < n; ++i) amax = std::max(amax, std::abs(x[i]));
  const float scale = amax / largest;
  for (std::size_t i = 0; i < n; ++i) {
    if (!finite) {
      x[i] = std::numeric_limits<float>::quiet_NaN();
    } else if (scale < std::numeric_limits<float>::min()) {
      x[i] = 0.0F;
    } else {
      // + 0.0F: a code has no sign of zero, so x^ is +0 where it is zero.
      x[i] = std::nearbyint(x[i] / scale) * scale + 0.0F;
    }
  }
}

}  // namespace

std::string_view rounding_text(Rounding rounding) {
  return rounding == Rounding::int8_per_32 ? "int8 per 32, scale amax/127, round to even"
                                           : "int16 per 32, scale amax/32767, round to even";
}

void round_rows(Rounding rounding, float* x, std::size_t rows, std::size_t cols) {
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t k = 0; k < cols; k += kRoundingBlock)
      round_block(largest_code(rounding), x + r * cols + k, std::min(kRoundingBlock, cols - k));
  }
}

}  // namespace fidelio
