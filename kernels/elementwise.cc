// silu on vectors.
#include "kernels/elementwise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"
#include "kernels/simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {
#if FIDELIO_TARGET_IS_EXACT

void silu_impl(const ElementwiseArgs& args, Share share) {
  const Range part = share.of(args.n);
  const float* a = args.a + part.begin;
  map_floats(a, a, args.y + part.begin, part.end - part.begin,
             [](VF v, VF) HWY_ATTR { return silu_contract(v); });
}

ElementwiseFn silu_for_target() { return &silu_impl; }
#else
ElementwiseFn silu_for_target() { return nullptr; }
#endif
}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fidelio {
HWY_EXPORT(silu_for_target);
ElementwiseFn silu_simd() { return HWY_DYNAMIC_DISPATCH(silu_for_target)(); }
}  // namespace fidelio
#endif
