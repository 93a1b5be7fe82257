// add_bias, as specified; exact on every processor, so there is no vector version.
#include "kernels/add_bias.h"

namespace fidelio {

void add_bias_ref(const AddBiasArgs& args, Share share) {
  const Range rows = share.of(args.n_rows);
  for (std::size_t r = rows.begin; r < rows.end; ++r) {
    const float* x = args.x + r * args.size;
    float* y = args.y + r * args.size;
    for (std::size_t i = 0; i < args.size; ++i) y[i] = x[i] + args.bias[i];
  }
}

}  // namespace fidelio
