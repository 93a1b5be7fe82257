// rope and its table, as specified; exact on every processor, so there is no vector version.
#include <cmath>
#include <cstdint>

#include "kernels/rope.h"

namespace fidelio {
namespace {

// pi/2 in three parts of 33 bits: k * part is exact for |k| < 2^20 (Cody and Waite).
constexpr double kTwoOverPi = 0x1.45f306dc9c883p-1;
constexpr double kPiOver2A = 0x1.921fb544p+0;
constexpr double kPiOver2B = 0x1.0b4611a6p-34;
constexpr double kPiOver2C = 0x1.3198a2e037073p-69;

// Taylor series on |r| <= pi/4; the first omitted term is below 1e-17.
double sin_reduced(double r) {
  const double z = r * r;
  double sum = 0;
  for (int n = 17; n >= 3; n -= 2) sum = (1.0 - sum) * z / (static_cast<double>(n) * (n - 1));
  return r - r * sum;
}

double cos_reduced(double r) {
  const double z = r * r;
  double sum = 0;
  for (int n = 18; n >= 2; n -= 2) sum = (1.0 - sum) * z / (static_cast<double>(n) * (n - 1));
  return 1.0 - sum;
}

}  // namespace

void cos_sin(float angle, double* cos, double* sin) {
  const double x = static_cast<double>(angle);
  const double k = std::nearbyint(x * kTwoOverPi);
  const double r = ((x - k * kPiOver2A) - k * kPiOver2B) - k * kPiOver2C;
  const double s = sin_reduced(r);
  const double c = cos_reduced(r);
  switch (static_cast<std::int64_t>(k) & 3) {
    case 0:
      *cos = c;
      *sin = s;
      return;
    case 1:
      *cos = -s;
      *sin = c;
      return;
    case 2:
      *cos = -c;
      *sin = -s;
      return;
    default:
      *cos = s;
      *sin = -c;
  }
}

RopeTable make_rope_table(const float* inv_freq, std::size_t half, std::size_t n_positions,
                          float attention_factor) {
  RopeTable table{half, std::vector<float>(n_positions * half),
                  std::vector<float>(n_positions * half)};
  for (std::size_t p = 0; p < n_positions; ++p) {
    for (std::size_t i = 0; i < half; ++i) {
      double c = 0;
      double s = 0;
      cos_sin(static_cast<float>(p) * inv_freq[i], &c, &s);
      table.cos[p * half + i] = static_cast<float>(c) * attention_factor;
      table.sin[p * half + i] = static_cast<float>(s) * attention_factor;
    }
  }
  return table;
}

void rope_ref(const RopeArgs& args, Share share) {
  const std::size_t half = args.table->half;
  const std::size_t stride = args.interleaved ? 2 : 1;
  const std::size_t distance = args.interleaved ? 1 : half;
  const Range vectors = share.of(args.n_tokens * args.heads);
  for (std::size_t v = vectors.begin; v < vectors.end; ++v) {
    const auto position = static_cast<std::size_t>(args.positions[v / args.heads]);
    const float* cos = args.table->cos.data() + position * half;
    const float* sin = args.table->sin.data() + position * half;
    const float* x = args.x + v * 2 * half;
    float* y = args.y + v * 2 * half;
    for (std::size_t i = 0; i < half; ++i) {
      const std::size_t a = i * stride;
      const std::size_t b = a + distance;
      const float low = x[a];
      const float high = x[b];
      y[a] = low * cos[i] - high * sin[i];
      y[b] = high * cos[i] + low * sin[i];
    }
  }
}

}  // namespace fidelio
