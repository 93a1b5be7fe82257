// linear, as specified: one contract::dot_row an output.
#include "kernels/contract.h"
#include "kernels/linear.h"

namespace fidelio {

void linear_ref(const LinearArgs& args, Share share) {
  const WeightView& w = args.w;
  const Range rows = share.of(w.rows);
  for (std::size_t t = 0; t < args.n_tokens; ++t) {
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      args.y[t * w.rows + r] = contract::dot_row(w, r, args.x + t * w.cols);
    }
  }
}

}  // namespace fidelio
