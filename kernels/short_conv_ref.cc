// short_conv, as specified.
#include <cmath>

#include "kernels/short_conv.h"

namespace fidelio {

void short_conv_ref(const ShortConvArgs& args, Share share) {
  const std::size_t channels = args.cache.channels;
  const Range mine = share.of(channels);
  for (std::size_t t = 0; t < args.n_tokens; ++t) {
    const auto position = static_cast<std::size_t>(args.positions[t]);
    const std::size_t first = position + 1 < args.n_taps ? args.n_taps - 1 - position : 0;
    for (std::size_t c = mine.begin; c < mine.end; ++c) {
      args.cache.row(position)[c] = args.x[t * channels + c];
      float acc = 0;
      for (std::size_t j = first; j < args.n_taps; ++j) {
        const float* u = args.cache.row(position + j + 1 - args.n_taps);
        acc = std::fma(args.taps[j * channels + c], u[c], acc);
      }
      args.y[t * channels + c] = acc;
    }
  }
}

}  // namespace fidelio
