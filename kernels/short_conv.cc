// short_conv on vectors: channels in lanes.
#include "kernels/short_conv.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/short_conv.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"
#include "kernels/simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {
#if FIDELIO_TARGET_IS_EXACT

/// Channels [range) of one token, whose row is in the cache.
HWY_INLINE void convolve(const ShortConvArgs& args, std::size_t position, Range range, float* y) {
  const std::size_t channels = args.cache.channels;
  const std::size_t first = position + 1 < args.n_taps ? args.n_taps - 1 - position : 0;
  for (std::size_t c = range.begin; c < range.end; c += 16) {
    const std::size_t n = HWY_MIN(range.end - c, std::size_t{16});
    V16 acc = zero16();
    for (std::size_t j = first; j < args.n_taps; ++j) {
      const float* tap = args.taps + j * channels + c;
      const float* u = args.cache.row(position + j + 1 - args.n_taps) + c;
      acc = n == 16 ? fma16(load16(tap), load16(u), acc)
                    : fma16(load16_padded(tap, n), load16_padded(u, n), acc);
    }
    alignas(64) float out[16];
    store16(acc, out);
    std::memcpy(y + c, out, n * sizeof(float));
  }
}

void short_conv_impl(const ShortConvArgs& args, Share share) {
  const std::size_t channels = args.cache.channels;
  const Range mine = share.of(channels);
  for (std::size_t t = 0; t < args.n_tokens; ++t) {
    const auto position = static_cast<std::size_t>(args.positions[t]);
    std::memcpy(args.cache.row(position) + mine.begin, args.x + t * channels + mine.begin,
                (mine.end - mine.begin) * sizeof(float));
    convolve(args, position, mine, args.y + t * channels);
  }
}

ShortConvFn short_conv_for_target() { return &short_conv_impl; }
#else
ShortConvFn short_conv_for_target() { return nullptr; }
#endif
}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fidelio {
HWY_EXPORT(short_conv_for_target);
ShortConvFn short_conv_simd() { return HWY_DYNAMIC_DISPATCH(short_conv_for_target)(); }
}  // namespace fidelio
#endif
