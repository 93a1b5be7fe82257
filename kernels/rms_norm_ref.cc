// rms_norm, as specified.
#include <cmath>

#include "kernels/contract.h"
#include "kernels/rms_norm.h"

namespace fidelio {

void rms_norm_ref(const RmsNormArgs& args, Share share) {
  const Range rows = share.of(args.n_rows);
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    const float* x = args.x + row * args.size;
    float* y = args.y + row * args.size;
    float acc[contract::kLanes] = {};
    const std::size_t padded = (args.size + 15) / 16 * 16;
    for (std::size_t i = 0; i < padded; ++i) {
      const float v = i < args.size ? x[i] : 0.0F;
      acc[i % 16] = std::fma(v, v, acc[i % 16]);
    }
    const float mean = contract::reduce_lanes(acc) / static_cast<float>(args.size);
    const float r = 1.0F / std::sqrt(mean + args.eps);
    for (std::size_t i = 0; i < args.size; ++i) y[i] = (x[i] * r) * args.weight[i];
  }
}

}  // namespace fidelio
