// gather_matmul on vectors. One token: the selected experts' rows are one long list, split evenly
// between threads and walked as four distant streams, which may lie in different experts. Several
// tokens: a panel per expert.
#include "kernels/gather_matmul.h"

#include "kernels/expert_order.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gather_matmul.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"
#include "kernels/simd/panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {
#if FIDELIO_TARGET_IS_EXACT

struct ExpertRows {
  const GatherMatmulArgs& args;
  std::size_t out;
  HWY_INLINE Row row(std::size_t r) const {
    const std::size_t slot = r / out;
    const WeightView& w = args.experts[args.ids[slot]];
    return row_of(w, r - slot * out, args.x + (args.x_per_slot ? slot * w.cols : 0));
  }
  HWY_INLINE void put(std::size_t r, float y) const { args.y[r] = y; }
};

void gather_tokens(const GatherMatmulArgs& args, Share share) {
  const std::size_t out = args.experts[0].rows;
  const std::size_t in = args.experts[0].cols;
  const Range rows = share.of(out);
  const ExpertOrder order(args.ids, args.n_tokens * args.top_k, args.n_experts, share.workspace);
  const float* x[kTokenBlock];
  float block[kTokenBlock * kPanelRows];
  for (std::size_t e = 0; e < args.n_experts; ++e) {
    const std::uint32_t* pairs = order.pairs(e);
    for (std::size_t first = 0; first < order.count(e);
         first += kTokenBlock, pairs += kTokenBlock) {
      const std::size_t n = HWY_MIN(kTokenBlock, order.count(e) - first);
      for (std::size_t i = 0; i < n; ++i) {
        x[i] = args.x + (args.x_per_slot ? pairs[i] : pairs[i] / args.top_k) * in;
      }
      for (std::size_t r = rows.begin; r < rows.end; r += kPanelRows) {
        const std::size_t n_rows = HWY_MIN(kPanelRows, rows.end - r);
        panel_product(args.experts[e], r, n_rows, x, n, block);
        for (std::size_t i = 0; i < n; ++i)
          copy_panel_rows(block, i, n_rows, args.y + pairs[i] * out + r);
      }
    }
  }
}

void gather_matmul_impl(const GatherMatmulArgs& args, Share share) {
  if (args.n_tokens == 1) {
    const std::size_t out = args.experts[0].rows;
    for_each_row(args.experts[0], share.of(args.top_k * out), ExpertRows{args, out});
  } else {
    gather_tokens(args, share);
  }
}

GatherMatmulFn gather_matmul_for_target() { return &gather_matmul_impl; }
#else
GatherMatmulFn gather_matmul_for_target() { return nullptr; }
#endif
}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fidelio {
HWY_EXPORT(gather_matmul_for_target);
GatherMatmulFn gather_matmul_simd() { return HWY_DYNAMIC_DISPATCH(gather_matmul_for_target)(); }

std::size_t expert_order_workspace_bytes(std::size_t n_tokens, std::size_t top_k,
                                         std::size_t n_experts) {
  return n_tokens == 1 ? 0 : expert_order_bytes(n_tokens * top_k, n_experts);
}
}  // namespace fidelio
#endif
