// softmax on vectors.
#include "kernels/softmax.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"
#include "kernels/simd/softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {
#if FIDELIO_TARGET_IS_EXACT

void softmax_impl(const RowsArgs& args, Share share) {
  const Range rows = share.of(args.n_rows);
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    softmax_row(args.x + row * args.size, args.y + row * args.size, args.size);
  }
}

SoftmaxFn softmax_for_target() { return &softmax_impl; }
#else
SoftmaxFn softmax_for_target() { return nullptr; }
#endif
}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fidelio {
HWY_EXPORT(softmax_for_target);
SoftmaxFn softmax_simd() { return HWY_DYNAMIC_DISPATCH(softmax_for_target)(); }
}  // namespace fidelio
#endif
