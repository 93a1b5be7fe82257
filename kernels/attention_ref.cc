// kv_append and attention, as specified.
#include <cmath>

#include "kernels/attention.h"
#include "kernels/contract.h"

namespace fidelio {

void kv_append_ref(const KvAppendArgs& args, Share share) {
  const KvCacheView& cache = args.cache;
  const Range heads = share.of(cache.heads);
  for (std::size_t t = 0; t < args.n_tokens; ++t) {
    const auto position = static_cast<std::size_t>(args.positions[t]);
    for (std::size_t h = heads.begin; h < heads.end; ++h) {
      const std::size_t from = (t * cache.heads + h) * cache.head_dim;
      for (std::size_t d = 0; d < cache.head_dim; ++d) {
        cache.keys[cache.key_index(h, position, d)] = args.k[from + d];
        cache.values[cache.value_index(h, position) + d] = args.v[from + d];
      }
    }
  }
}

namespace {

float score(const AttentionArgs& args, const float* q, std::size_t kv_head, std::size_t position) {
  float a[4] = {};
  for (std::size_t d = 0; d < args.cache.head_dim; ++d) {
    a[d % 4] =
        std::fma(q[d], args.cache.keys[args.cache.key_index(kv_head, position, d)], a[d % 4]);
  }
  return ((a[0] + a[2]) + (a[1] + a[3])) * args.scale;
}

void attend(const AttentionArgs& args, std::size_t t, std::size_t head, float* weights) {
  const std::size_t dim = args.cache.head_dim;
  const std::size_t kv_head = head / (args.heads / args.cache.heads);
  const Range slots = args.visible(args.positions[t]);
  const float* q = args.q + (t * args.heads + head) * dim;
  float* y = args.y + (t * args.heads + head) * dim;
  float max = -std::numeric_limits<float>::infinity();
  for (std::size_t p = slots.begin; p < slots.end; ++p) {
    weights[p - slots.begin] = score(args, q, kv_head, p);
    max = contract::max_nan(max, weights[p - slots.begin]);
  }
  if (args.sinks != nullptr) max = contract::max_nan(max, args.sinks[head]);
  float lanes[contract::kLanes] = {};
  for (std::size_t p = slots.begin; p < slots.end; ++p) {
    float& weight = weights[p - slots.begin];
    weight = contract::exp(weight - max);
    lanes[p % 16] += weight;
  }
  float sum = contract::reduce_lanes(lanes);
  if (args.sinks != nullptr) sum += contract::exp(args.sinks[head] - max);
  for (std::size_t d = 0; d < dim; ++d) {
    float acc = 0;
    for (std::size_t p = slots.begin; p < slots.end; ++p) {
      const float value = args.cache.values[args.cache.value_index(kv_head, p) + d];
      acc = std::fma(weights[p - slots.begin], value, acc);
    }
    y[d] = acc / sum;
  }
}

}  // namespace

void attention_ref(const AttentionArgs& args, Share share) {
  auto* weights = reinterpret_cast<float*>(share.workspace);
  const Range work = share.of(args.n_tokens * args.heads);
  for (std::size_t i = work.begin; i < work.end; ++i)
    attend(args, i / args.heads, i % args.heads, weights);
}

}  // namespace fidelio
