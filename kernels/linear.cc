// linear on vectors: four distant row streams for one token, the panel kernel for several.
#include "kernels/linear.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/linear.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"
#include "kernels/simd/panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {
#if FIDELIO_TARGET_IS_EXACT

struct DenseRows {
  const LinearArgs& args;
  HWY_INLINE Row row(std::size_t r) const { return row_of(args.w, r, args.x); }
  HWY_INLINE void put(std::size_t r, float y) const { args.y[r] = y; }
};

void linear_tokens(const LinearArgs& args, Range rows) {
  const WeightView& w = args.w;
  const float* x[kTokenBlock];
  float out[kTokenBlock * kPanelRows];
  for (std::size_t first = 0; first < args.n_tokens; first += kTokenBlock) {
    const std::size_t n = HWY_MIN(kTokenBlock, args.n_tokens - first);
    for (std::size_t t = 0; t < n; ++t) x[t] = args.x + (first + t) * w.cols;
    for (std::size_t r = rows.begin; r < rows.end; r += kPanelRows) {
      const std::size_t n_rows = HWY_MIN(kPanelRows, rows.end - r);
      panel_product(w, r, n_rows, x, n, out);
      for (std::size_t t = 0; t < n; ++t)
        copy_panel_rows(out, t, n_rows, args.y + (first + t) * w.rows + r);
    }
  }
}

void linear_impl(const LinearArgs& args, Share share) {
  const Range rows = share.of(args.w.rows);
  if (args.n_tokens == 1) {
    for_each_row(args.w, rows, DenseRows{args});
  } else {
    linear_tokens(args, rows);
  }
}

LinearFn linear_for_target() { return &linear_impl; }
#else
LinearFn linear_for_target() { return nullptr; }
#endif
}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fidelio {
HWY_EXPORT(linear_for_target);
LinearFn linear_simd() { return HWY_DYNAMIC_DISPATCH(linear_for_target)(); }
}  // namespace fidelio
#endif
