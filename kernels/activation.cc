// sigmoid, silu and gelu on vectors.
#include "kernels/activation.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/activation.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"
#include "kernels/simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {
#if FIDELIO_TARGET_IS_EXACT

template <class Body>
HWY_INLINE void map_share(const ActivationArgs& args, Share share, Body body) {
  const Range part = share.of(args.n);
  const float* x = args.x + part.begin;
  map_floats(x, x, args.y + part.begin, part.end - part.begin, body);
}

void sigmoid_impl(const ActivationArgs& args, Share share) {
  map_share(args, share, [](VF v, VF) HWY_ATTR { return sigmoid_contract(v); });
}

void silu_impl(const ActivationArgs& args, Share share) {
  const VF alpha = hn::Set(DF(), args.alpha);
  map_share(args, share, [alpha](VF v, VF) HWY_ATTR { return silu_contract(v, alpha); });
}

void gelu_impl(const ActivationArgs& args, Share share) {
  map_share(args, share, [](VF v, VF) HWY_ATTR { return gelu_contract(v); });
}

ActivationFn sigmoid_for_target() { return &sigmoid_impl; }
ActivationFn silu_for_target() { return &silu_impl; }
ActivationFn gelu_for_target() { return &gelu_impl; }
#else
ActivationFn sigmoid_for_target() { return nullptr; }
ActivationFn silu_for_target() { return nullptr; }
ActivationFn gelu_for_target() { return nullptr; }
#endif
}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fidelio {
HWY_EXPORT(sigmoid_for_target);
ActivationFn sigmoid_simd() { return HWY_DYNAMIC_DISPATCH(sigmoid_for_target)(); }
HWY_EXPORT(silu_for_target);
ActivationFn silu_simd() { return HWY_DYNAMIC_DISPATCH(silu_for_target)(); }
HWY_EXPORT(gelu_for_target);
ActivationFn gelu_simd() { return HWY_DYNAMIC_DISPATCH(gelu_for_target)(); }
}  // namespace fidelio
#endif
