// router_topk: routing in one pass over the router logits. Per token, with k = top_k:
//   softmax_topk: p = softmax(logits); values, ids = top_k(p). topk_softmax: values, ids =
//   top_k(logits); values = softmax(values). sigmoid_topk: p = sigmoid(logits); ids of top_k(p +
//   selection_bias), or of top_k(p) without one; values = p at the ids.
//   Then values = normalize(values, eps) when `normalize`, and values * factor unless that is 1.
//   logits [n_tokens, n_experts]; values, ids [n_tokens, k]; selection_bias [n_experts], for
//   sigmoid_topk alone. Scores live in the workspace, two rows a thread. Numerics: the bits of
//   softmax, sigmoid, add_bias, top_k, take, normalize and mul_scalar. NaN as in top_k.
// Source: Qwen3-MoE and OLMoE (softmax_topk), Mixtral and gpt-oss (topk_softmax), LFM2-MoE
// (sigmoid_topk, as DeepSeek-V3).
#pragma once

#include <cstdint>

#include "kernels/share.h"

namespace fidelio {

enum class RouterOrder : std::uint8_t { softmax_topk, topk_softmax, sigmoid_topk };

struct RouterTopkArgs {
  const float* logits = nullptr;
  float* values = nullptr;
  std::int32_t* ids = nullptr;
  std::size_t n_tokens = 0;
  std::size_t n_experts = 0;
  std::size_t top_k = 0;
  RouterOrder order = RouterOrder::softmax_topk;
  bool normalize = false;
  float eps = 0;                          ///< of normalize
  float factor = 1;                       ///< routed_scaling_factor
  const float* selection_bias = nullptr;  ///< expert_bias
};

using RouterTopkFn = void (*)(const RouterTopkArgs&, Share);

void router_topk_ref(const RouterTopkArgs& args, Share share);
RouterTopkFn router_topk_simd();

constexpr std::size_t router_topk_workspace_bytes(std::size_t n_experts) {
  return 2 * n_experts * sizeof(float);
}

}  // namespace fidelio
