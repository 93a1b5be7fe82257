// gather_matmul_int8 and gather_matmul_int16 on vectors. Every thread rounds the step's rows into
// its workspace. One token: four distant streams, as in gather_matmul.cc. Several tokens: four rows
// of an expert meet all its tokens while they are in the cache.
#include "kernels/gather_matmul_rounded.h"

#include "kernels/expert_order.h"
#include "kernels/packed_row.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gather_matmul_rounded.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"
#include "kernels/simd/code_sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {
#if FIDELIO_TARGET_IS_EXACT

void round_x(const WeightView& w, const float* x, float largest, std::byte* memory) {
  switch (affine_bits(w.format)) {
    case 0:
      return round_values(x, w.cols, largest, reinterpret_cast<float*>(memory));
    case 4:
      return round_row<4>(x, w.cols, largest, memory);
    default:
      return round_row<8>(x, w.cols, largest, memory);
  }
}

/// Four rows times one x each. Row::x is the rounded row, whatever its form.
using DotFour = void (*)(const Row (&)[kStreams], const WeightView&, float (&)[kStreams]);

DotFour dot_four(const WeightView& w) {
  switch (affine_bits(w.format)) {
    case 0:
      return DotRows<kStreams>::of(w);
    case 4:
      return &rounded_rows<4>;
    default:
      return &rounded_rows<8>;
  }
}

/// The call's rounded rows of x, one after the other.
struct RoundedX {
  const std::byte* memory;
  std::size_t row_bytes;
  const float* row(std::size_t i) const {
    return reinterpret_cast<const float*>(memory + i * row_bytes);
  }
};

/// Rows [0, top_k * out) of one token, as four streams a quarter of the thread's range apart.
void rounded_token(const GatherMatmulArgs& args, const RoundedX& x, Range range) {
  const WeightView& shape = args.experts[0];
  const DotFour dot = dot_four(shape);
  const std::size_t quarter = (range.end - range.begin + kStreams - 1) / kStreams;
  for (std::size_t i = 0; i < quarter; ++i) {
    Row rows[kStreams];
    std::size_t at[kStreams];
    for (std::size_t s = 0; s < kStreams; ++s) {
      // Where the range is no multiple of four, the last stream repeats its last row.
      at[s] = HWY_MIN(range.begin + s * quarter + i, range.end - 1);
      const std::size_t slot = at[s] / shape.rows;
      rows[s] = row_of(args.experts[args.ids[slot]], at[s] - slot * shape.rows,
                       x.row(args.x_per_slot ? slot : 0));
    }
    float out[kStreams];
    dot(rows, shape, out);
    for (std::size_t s = 0; s < kStreams; ++s) args.y[at[s]] = out[s];
  }
}

void rounded_tokens(const GatherMatmulArgs& args, const RoundedX& x, const ExpertOrder& order,
                    Range range) {
  const WeightView& shape = args.experts[0];
  const DotFour dot = dot_four(shape);
  for (std::size_t e = 0; e < args.n_experts; ++e) {
    for (std::size_t r = range.begin; r < range.end; r += kStreams) {
      const std::size_t n = HWY_MIN(kStreams, range.end - r);
      for (std::size_t i = 0; i < order.count(e); ++i) {
        const std::size_t pair = order.pairs(e)[i];
        const float* row = x.row(args.x_per_slot ? pair : pair / args.top_k);
        Row rows[kStreams];
        for (std::size_t s = 0; s < kStreams; ++s)
          rows[s] = row_of(args.experts[e], r + HWY_MIN(s, n - 1), row);
        float out[kStreams];
        dot(rows, shape, out);
        for (std::size_t s = 0; s < n; ++s) args.y[pair * shape.rows + r + s] = out[s];
      }
    }
  }
}

void gather_rounded(const GatherMatmulArgs& args, Share share, float largest) {
  const WeightView& shape = args.experts[0];
  const std::size_t n_rows = args.n_tokens * (args.x_per_slot ? args.top_k : 1);
  const std::size_t row_bytes = rounded_row_bytes(shape);
  for (std::size_t i = 0; i < n_rows; ++i)
    round_x(shape, args.x + i * shape.cols, largest, share.workspace + i * row_bytes);
  const RoundedX x{share.workspace, row_bytes};
  if (args.n_tokens == 1) {
    rounded_token(args, x, share.of(args.top_k * shape.rows));
  } else {
    const ExpertOrder order(args.ids, args.n_tokens * args.top_k, args.n_experts,
                            share.workspace + n_rows * row_bytes);
    rounded_tokens(args, x, order, share.of(shape.rows));
  }
}

void gather_int8(const GatherMatmulArgs& args, Share share) { gather_rounded(args, share, 127.0F); }
void gather_int16(const GatherMatmulArgs& args, Share share) {
  gather_rounded(args, share, 32767.0F);
}

GatherMatmulFn gather_int8_for_target() { return &gather_int8; }
GatherMatmulFn gather_int16_for_target() { return &gather_int16; }
#else
GatherMatmulFn gather_int8_for_target() { return nullptr; }
GatherMatmulFn gather_int16_for_target() { return nullptr; }
#endif
}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fidelio {
HWY_EXPORT(gather_int8_for_target);
HWY_EXPORT(gather_int16_for_target);
GatherMatmulFn gather_matmul_int8_simd() { return HWY_DYNAMIC_DISPATCH(gather_int8_for_target)(); }
GatherMatmulFn gather_matmul_int16_simd() {
  return HWY_DYNAMIC_DISPATCH(gather_int16_for_target)();
}

std::size_t gather_matmul_rounded_workspace_bytes(const WeightView& w, std::size_t n_tokens,
                                                  std::size_t top_k, std::size_t n_experts,
                                                  bool x_per_slot) {
  return n_tokens * (x_per_slot ? top_k : 1) * rounded_row_bytes(w) +
         expert_order_workspace_bytes(n_tokens, top_k, n_experts);
}
}  // namespace fidelio
#endif
