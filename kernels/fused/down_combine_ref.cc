// down_combine, as specified.
#include <cmath>

#include "kernels/contract.h"
#include "kernels/fused/down_combine.h"

namespace fidelio {

void down_combine_ref(const DownCombineArgs& args, Share share) {
  const std::size_t hidden = args.experts[0].rows;
  const std::size_t inter = args.experts[0].cols;
  const Range rows = share.of(hidden);
  for (std::size_t t = 0; t < args.n_tokens; ++t) {
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      float acc = 0;
      for (std::size_t s = 0; s < args.top_k; ++s) {
        const std::size_t pair = t * args.top_k + s;
        float product = contract::dot_row(args.experts[args.ids[pair]], r, args.x + pair * inter);
        if (args.bias != nullptr)
          product += args.bias[static_cast<std::size_t>(args.ids[pair]) * hidden + r];
        acc = std::fma(args.weights[pair], product, acc);
      }
      args.y[t * hidden + r] = acc;
    }
  }
}

}  // namespace fidelio
