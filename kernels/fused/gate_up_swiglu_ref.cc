// gate_up_swiglu, as specified.
#include "kernels/contract.h"
#include "kernels/fused/gate_up_swiglu.h"

namespace fidelio {

namespace {

float swiglu(const SwigluForm& form, float gate, float up) {
  gate = contract::clamp(gate, -std::numeric_limits<float>::infinity(), form.gate_max);
  up = contract::clamp(up, form.up_min, form.up_max);
  if (form.up_add != 0) up += form.up_add;
  return contract::silu(gate, form.alpha) * up;
}

}  // namespace

void gate_up_swiglu_ref(const GateUpSwigluArgs& args, Share share) {
  const std::size_t inter = args.gate_proj[0].rows;
  const std::size_t hidden = args.gate_proj[0].cols;
  const Range rows = share.of(inter);
  for (std::size_t pair = 0; pair < args.n_tokens * args.top_k; ++pair) {
    const float* x = args.x + pair / args.top_k * hidden;
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      float gate = contract::dot_row(args.gate_proj[args.ids[pair]], r, x);
      float up = contract::dot_row(args.up_proj[args.ids[pair]], r, x);
      if (args.gate_bias != nullptr) {
        const std::size_t at = static_cast<std::size_t>(args.ids[pair]) * inter + r;
        gate += args.gate_bias[at];
        up += args.up_bias[at];
      }
      args.y[pair * inter + r] = swiglu(args.form, gate, up);
    }
  }
}

}  // namespace fidelio
