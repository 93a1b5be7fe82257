// gate_up_swiglu, as specified.
#include "kernels/contract.h"
#include "kernels/fused/gate_up_swiglu.h"

namespace fidelio {

void gate_up_swiglu_ref(const GateUpSwigluArgs& args, Share share) {
  const std::size_t inter = args.gate_proj[0].rows;
  const std::size_t hidden = args.gate_proj[0].cols;
  const Range rows = share.of(inter);
  for (std::size_t pair = 0; pair < args.n_tokens * args.top_k; ++pair) {
    const float* x = args.x + pair / args.top_k * hidden;
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      const float gate = contract::dot_row(args.gate_proj[args.ids[pair]], r, x);
      const float up = contract::dot_row(args.up_proj[args.ids[pair]], r, x);
      args.y[pair * inter + r] = contract::silu(gate) * up;
    }
  }
}

}  // namespace fidelio
