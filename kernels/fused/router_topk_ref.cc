// router_topk, as specified: the unfused references a row at a time.
#include "kernels/activation.h"
#include "kernels/add_bias.h"
#include "kernels/columns.h"
#include "kernels/elementwise.h"
#include "kernels/fused/router_topk.h"
#include "kernels/softmax.h"

namespace fidelio {

namespace {

/// sigmoid_topk of one row; `scores` holds two.
void sigmoid_topk_row(const RouterTopkArgs& args, const float* logits, float* scores, float* values,
                      std::int32_t* ids) {
  const std::size_t n = args.n_experts;
  float* keys = scores;
  sigmoid_ref({logits, scores, n}, Share{});
  if (args.selection_bias != nullptr) {
    keys = scores + n;
    add_bias_ref({scores, args.selection_bias, keys, 1, n}, Share{});
  }
  top_k_row(keys, values, ids, n, args.top_k);
  take_ref({scores, ids, values, 1, n, args.top_k}, Share{});
}

}  // namespace

void router_topk_ref(const RouterTopkArgs& args, Share share) {
  auto* scores = reinterpret_cast<float*>(share.workspace);
  const Range tokens = share.of(args.n_tokens);
  for (std::size_t t = tokens.begin; t < tokens.end; ++t) {
    const float* logits = args.logits + t * args.n_experts;
    float* values = args.values + t * args.top_k;
    std::int32_t* ids = args.ids + t * args.top_k;
    if (args.order == RouterOrder::softmax_topk) {
      softmax_ref({logits, scores, 1, args.n_experts}, Share{});
      top_k_row(scores, values, ids, args.n_experts, args.top_k);
    } else if (args.order == RouterOrder::sigmoid_topk) {
      sigmoid_topk_row(args, logits, scores, values, ids);
    } else {
      top_k_row(logits, values, ids, args.n_experts, args.top_k);
      softmax_ref({values, values, 1, args.top_k}, Share{});
    }
    if (args.normalize) normalize_row(values, values, args.top_k, args.eps);
    if (args.factor != 1) mul_scalar_ref({values, values, args.top_k, args.factor}, Share{});
  }
}

}  // namespace fidelio
