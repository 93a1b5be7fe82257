// kv_append and attention: grouped-query attention over a float32 KV cache.
//   kv_append: k, v [n_tokens, num_key_value_heads, head_dim] go to slots positions[t] of the
//   cache. attention: q, y [n_tokens, num_attention_heads, head_dim]; token t sees the slots up to
//   positions[t], with a sliding window only the last `window` of them.
//     s[p] = ((a0 + a2) + (a1 + a3)) * scale, a_j = sum of q[d] k[p][d] over d = j mod 4,
//     ascending, fma from +0; e[p] = exp(s[p] - max s), max propagating NaN; sum of e: lane p mod
//     16, then contract::reduce_lanes, then with a sink + exp(sink - max s), where max s is over
//     the scores and the sink; y[d] = (sum of e[p] v[p][d], p ascending, fma from +0) / sum.
//   Nothing depends on how many tokens a step has. q and y must not overlap.
// Source: Vaswani et al. 2017; Ainslie et al. 2023 (GQA); Beltagy et al. 2020 (sliding window);
// Xiao et al. 2024 (sinks), as a learned logit of each head in gpt-oss.
#pragma once

#include <cstdint>

#include "kernels/share.h"

namespace fidelio {

/// One layer's cache of `capacity` slots, a multiple of 16; position p lies in slot p mod capacity,
/// so that a layer with a sliding window needs no more than the window and the widest step. Keys
/// lie in blocks of 16 slots, [heads][capacity / 16][head_dim][16], so that scores have positions
/// in lanes; values lie [heads][capacity][head_dim]. Keys of unused slots of a block must be finite
/// (zero at first).
struct KvCacheView {
  float* keys = nullptr;
  float* values = nullptr;
  std::size_t capacity = 0;
  std::size_t heads = 0;  ///< num_key_value_heads
  std::size_t head_dim = 0;

  std::size_t key_index(std::size_t head, std::size_t position, std::size_t d) const {
    const std::size_t slot = position % capacity;
    return ((head * (capacity / 16) + slot / 16) * head_dim + d) * 16 + slot % 16;
  }
  std::size_t value_index(std::size_t head, std::size_t position) const {
    return (head * capacity + position % capacity) * head_dim;
  }
};

struct KvAppendArgs {
  const float* k = nullptr;
  const float* v = nullptr;
  KvCacheView cache;
  const std::int32_t* positions = nullptr;
  std::size_t n_tokens = 0;
};

struct AttentionArgs {
  const float* q = nullptr;
  float* y = nullptr;
  KvCacheView cache;
  const std::int32_t* positions = nullptr;
  std::size_t n_tokens = 0;
  std::size_t heads = 0;  ///< num_attention_heads, a multiple of cache.heads
  float scale = 0;
  std::size_t window = 0;        ///< sliding_window; 0: every slot up to the token's own
  const float* sinks = nullptr;  ///< [heads], or none

  /// The slots that a token at `position` sees: [begin, end).
  Range visible(std::int32_t position) const {
    const auto end = static_cast<std::size_t>(position) + 1;
    return {window == 0 || end <= window ? 0 : end - window, end};
  }
};

using KvAppendFn = void (*)(const KvAppendArgs&, Share);
using AttentionFn = void (*)(const AttentionArgs&, Share);

void kv_append_ref(const KvAppendArgs& args, Share share);  ///< exact: serves every target
void attention_ref(const AttentionArgs& args, Share share);
AttentionFn attention_simd();

/// Query heads that share one pass over keys and values.
inline constexpr std::size_t kAttentionHeads = 4;

/// Scores of one head: those of its visible slots and of the rest of their blocks.
constexpr std::size_t attention_scores(std::size_t capacity) { return capacity + 32; }

/// Bytes of Share::workspace a thread needs for contexts up to `capacity`, in caches of no more
/// than that, rounded up to a block.
constexpr std::size_t attention_workspace_bytes(std::size_t capacity) {
  return kAttentionHeads * attention_scores((capacity + 15) / 16 * 16) * sizeof(float);
}

}  // namespace fidelio
