// router_topk: routing in one pass over the router logits. Per token, with k = top_k:
//   softmax_topk: p = softmax(logits); values, ids = top_k(p);  topk_softmax: values, ids =
//   top_k(logits); values = softmax(values).  Then values = normalize(values) when `normalize`.
//   logits [n_tokens, n_experts]; values, ids [n_tokens, k]. The probabilities live in the
//   workspace, one row a thread. Numerics: the bits of softmax, top_k and normalize. NaN as in
//   top_k.
// Source: Qwen3-MoE and OLMoE (softmax_topk), Mixtral (topk_softmax).
#pragma once

#include <cstdint>

#include "kernels/share.h"

namespace fidelio {

enum class RouterOrder : std::uint8_t { softmax_topk, topk_softmax };

struct RouterTopkArgs {
  const float* logits = nullptr;
  float* values = nullptr;
  std::int32_t* ids = nullptr;
  std::size_t n_tokens = 0;
  std::size_t n_experts = 0;
  std::size_t top_k = 0;
  RouterOrder order = RouterOrder::softmax_topk;
  bool normalize = false;
};

using RouterTopkFn = void (*)(const RouterTopkArgs&, Share);

void router_topk_ref(const RouterTopkArgs& args, Share share);
RouterTopkFn router_topk_simd();

constexpr std::size_t router_topk_workspace_bytes(std::size_t n_experts) {
  return n_experts * sizeof(float);
}

}  // namespace fidelio
