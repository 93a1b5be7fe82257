// router_topk on vectors.
#include "kernels/fused/router_topk.h"

#include "kernels/columns.h"
#include "kernels/softmax.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/fused/router_topk.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"
#include "kernels/simd/softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {
#if FIDELIO_TARGET_IS_EXACT

/// sigmoid_topk of one row; `scores` holds two.
void sigmoid_topk_row(const RouterTopkArgs& args, const float* logits, float* scores, float* values,
                      std::int32_t* ids) {
  const std::size_t n = args.n_experts;
  const float* keys = scores;
  map_floats(logits, logits, scores, n, [](VF v, VF) HWY_ATTR { return sigmoid_contract(v); });
  if (args.selection_bias != nullptr) {
    for (std::size_t e = 0; e < n; ++e) scores[n + e] = scores[e] + args.selection_bias[e];
    keys = scores + n;
  }
  top_k_row(keys, values, ids, n, args.top_k);
  take_ref({scores, ids, values, 1, n, args.top_k}, Share{});
}

void router_topk_impl(const RouterTopkArgs& args, Share share) {
  auto* scores = reinterpret_cast<float*>(share.workspace);
  const Range tokens = share.of(args.n_tokens);
  for (std::size_t t = tokens.begin; t < tokens.end; ++t) {
    const float* logits = args.logits + t * args.n_experts;
    float* values = args.values + t * args.top_k;
    std::int32_t* ids = args.ids + t * args.top_k;
    if (args.order == RouterOrder::softmax_topk) {
      softmax_row(logits, scores, args.n_experts);
      top_k_row(scores, values, ids, args.n_experts, args.top_k);
    } else if (args.order == RouterOrder::sigmoid_topk) {
      sigmoid_topk_row(args, logits, scores, values, ids);
    } else {
      top_k_row(logits, values, ids, args.n_experts, args.top_k);
      softmax_row(values, values, args.top_k);
    }
    if (args.normalize) normalize_row(values, values, args.top_k, args.eps);
    if (args.factor != 1)
      for (std::size_t s = 0; s < args.top_k; ++s) values[s] *= args.factor;
  }
}

RouterTopkFn router_topk_for_target() { return &router_topk_impl; }
#else
RouterTopkFn router_topk_for_target() { return nullptr; }
#endif
}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fidelio {
HWY_EXPORT(router_topk_for_target);
RouterTopkFn router_topk_simd() { return HWY_DYNAMIC_DISPATCH(router_topk_for_target)(); }
}  // namespace fidelio
#endif
