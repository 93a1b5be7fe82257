// rms_norm on vectors.
#include "kernels/rms_norm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rms_norm.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"
#include "kernels/simd/norm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {
#if FIDELIO_TARGET_IS_EXACT

void rms_norm_impl(const RmsNormArgs& args, Share share) {
  const Range rows = share.of(args.n_rows);
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    const float* x = args.x + row * args.size;
    const float r = inverse_rms(sum_of_squares(x, args.size), args.size, args.eps);
    scale_by_weight(x, r, args.weight, args.y + row * args.size, args.size);
  }
}

RmsNormFn rms_norm_for_target() { return &rms_norm_impl; }
#else
RmsNormFn rms_norm_for_target() { return nullptr; }
#endif
}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fidelio {
HWY_EXPORT(rms_norm_for_target);
RmsNormFn rms_norm_simd() { return HWY_DYNAMIC_DISPATCH(rms_norm_for_target)(); }
}  // namespace fidelio
#endif
