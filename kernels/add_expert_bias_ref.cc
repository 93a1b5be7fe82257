// add_expert_bias, as specified.
#include "kernels/add_expert_bias.h"

namespace fidelio {

void add_expert_bias_ref(const AddExpertBiasArgs& args, Share share) {
  const Range slots = share.of(args.n_slots);
  for (std::size_t s = slots.begin; s < slots.end; ++s) {
    const float* bias = args.bias + static_cast<std::size_t>(args.ids[s]) * args.size;
    const std::size_t first = s * args.size;
    for (std::size_t i = 0; i < args.size; ++i) args.y[first + i] = args.x[first + i] + bias[i];
  }
}

}  // namespace fidelio
