// router_topk, as specified: the three unfused references a row at a time.
#include "kernels/fused/router_topk.h"
#include "kernels/softmax.h"

namespace fidelio {

void router_topk_ref(const RouterTopkArgs& args, Share share) {
  auto* probabilities = reinterpret_cast<float*>(share.workspace);
  const Range tokens = share.of(args.n_tokens);
  for (std::size_t t = tokens.begin; t < tokens.end; ++t) {
    const float* logits = args.logits + t * args.n_experts;
    float* values = args.values + t * args.top_k;
    std::int32_t* ids = args.ids + t * args.top_k;
    if (args.order == RouterOrder::softmax_topk) {
      softmax_ref({logits, probabilities, 1, args.n_experts}, Share{});
      top_k_row(probabilities, values, ids, args.n_experts, args.top_k);
    } else {
      top_k_row(logits, values, ids, args.n_experts, args.top_k);
      softmax_ref({values, values, 1, args.top_k}, Share{});
    }
    if (args.normalize) normalize_row(values, values, args.top_k);
  }
}

}  // namespace fidelio
