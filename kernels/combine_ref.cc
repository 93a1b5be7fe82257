// combine, as specified.
#include <cmath>

#include "kernels/combine.h"

namespace fidelio {

void combine_ref(const CombineArgs& args, Share share) {
  const Range cols = share.of(args.size);
  for (std::size_t t = 0; t < args.n_tokens; ++t) {
    for (std::size_t c = cols.begin; c < cols.end; ++c) {
      float acc = 0;
      for (std::size_t s = 0; s < args.top_k; ++s) {
        const std::size_t pair = t * args.top_k + s;
        acc = std::fma(args.weights[pair], args.x[pair * args.size + c], acc);
      }
      args.y[t * args.size + c] = acc;
    }
  }
}

}  // namespace fidelio
