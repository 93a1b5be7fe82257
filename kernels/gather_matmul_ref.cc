// gather_matmul, as specified.
#include "kernels/contract.h"
#include "kernels/gather_matmul.h"

namespace fidelio {

void gather_matmul_ref(const GatherMatmulArgs& args, Share share) {
  const std::size_t out = args.experts[0].rows;
  const std::size_t in = args.experts[0].cols;
  const Range rows = share.of(out);
  for (std::size_t pair = 0; pair < args.n_tokens * args.top_k; ++pair) {
    const WeightView& w = args.experts[args.ids[pair]];
    const float* x = args.x + (args.x_per_slot ? pair : pair / args.top_k) * in;
    for (std::size_t r = rows.begin; r < rows.end; ++r)
      args.y[pair * out + r] = contract::dot_row(w, r, x);
  }
}

}  // namespace fidelio
