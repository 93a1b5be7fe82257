// combine on vectors: lanes across outputs.
#include "kernels/combine.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/combine.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"
#include "kernels/simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {
#if FIDELIO_TARGET_IS_EXACT

void combine_impl(const CombineArgs& args, Share share) {
  const Range cols = share.of(args.size);
  for (std::size_t t = 0; t < args.n_tokens; ++t) {
    const float* weights = args.weights + t * args.top_k;
    const float* x = args.x + t * args.top_k * args.size;
    float* y = args.y + t * args.size;
    for (std::size_t c = cols.begin; c < cols.end; c += 16) {
      const std::size_t n = HWY_MIN(std::size_t{16}, cols.end - c);
      V16 acc = zero16();
      for (std::size_t s = 0; s < args.top_k; ++s) {
        const float* from = x + s * args.size + c;
        acc = fma16(set16(weights[s]), n == 16 ? load16(from) : load16_padded(from, n), acc);
      }
      alignas(64) float out[16];
      store16(acc, n == 16 ? y + c : out);
      if (n < 16) std::memcpy(y + c, out, n * sizeof(float));
    }
  }
}

CombineFn combine_for_target() { return &combine_impl; }
#else
CombineFn combine_for_target() { return nullptr; }
#endif
}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fidelio {
HWY_EXPORT(combine_for_target);
CombineFn combine_simd() { return HWY_DYNAMIC_DISPATCH(combine_for_target)(); }
}  // namespace fidelio
#endif
