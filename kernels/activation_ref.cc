// sigmoid, silu and gelu, as specified.
#include "kernels/activation.h"
#include "kernels/contract.h"

namespace fidelio {

void sigmoid_ref(const ActivationArgs& args, Share share) {
  const Range part = share.of(args.n);
  for (std::size_t i = part.begin; i < part.end; ++i) args.y[i] = contract::sigmoid(args.x[i]);
}

void silu_ref(const ActivationArgs& args, Share share) {
  const Range part = share.of(args.n);
  for (std::size_t i = part.begin; i < part.end; ++i)
    args.y[i] = contract::silu(args.x[i], args.alpha);
}

void gelu_ref(const ActivationArgs& args, Share share) {
  const Range part = share.of(args.n);
  for (std::size_t i = part.begin; i < part.end; ++i) args.y[i] = contract::gelu(args.x[i]);
}

}  // namespace fidelio
