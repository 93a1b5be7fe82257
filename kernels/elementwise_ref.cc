// add, mul, add_scalar, mul_scalar and clamp, as specified.
#include "kernels/contract.h"
#include "kernels/elementwise.h"

namespace fidelio {

void add_ref(const ElementwiseArgs& args, Share share) {
  const Range part = share.of(args.n);
  for (std::size_t i = part.begin; i < part.end; ++i) args.y[i] = args.a[i] + args.b[i];
}

void mul_ref(const ElementwiseArgs& args, Share share) {
  const Range part = share.of(args.n);
  for (std::size_t i = part.begin; i < part.end; ++i) args.y[i] = args.a[i] * args.b[i];
}

void add_scalar_ref(const ScalarArgs& args, Share share) {
  const Range part = share.of(args.n);
  for (std::size_t i = part.begin; i < part.end; ++i) args.y[i] = args.x[i] + args.value;
}

void mul_scalar_ref(const ScalarArgs& args, Share share) {
  const Range part = share.of(args.n);
  for (std::size_t i = part.begin; i < part.end; ++i) args.y[i] = args.x[i] * args.value;
}

void clamp_ref(const ClampArgs& args, Share share) {
  const Range part = share.of(args.n);
  for (std::size_t i = part.begin; i < part.end; ++i)
    args.y[i] = contract::clamp(args.x[i], args.min, args.max);
}

}  // namespace fidelio
