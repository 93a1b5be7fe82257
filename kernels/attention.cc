// attention on vectors: up to four query heads of one key-value head share each pass over keys and
// values.
#include "kernels/attention.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"
#include "kernels/simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {
#if FIDELIO_TARGET_IS_EXACT

/// G query heads of one token against one key-value head.
template <std::size_t G>
struct HeadGroup {
  const AttentionArgs& args;
  std::size_t kv_head;
  std::size_t begin;  // visible positions: [begin, n)
  std::size_t n;
  const float* q;         // [G, head_dim]
  float* HWY_RESTRICT y;  // [G, head_dim]
  float* weights;         // [G, attention_scores(capacity)], from the first block on
  const float* sinks;     // [G], or nullptr

  /// Scores of head g; that of position p stands at p - first_block().
  HWY_INLINE float* row(std::size_t g) const {
    return weights + g * attention_scores(args.cache.capacity);
  }

  /// The first position of the block of 16 that holds `begin`.
  HWY_INLINE std::size_t first_block() const { return begin / 16 * 16; }

  /// Scores of 16 positions, a block of the key cache at a time; blocks are whole, so a few slots
  /// before begin and beyond n are computed and never used.
  HWY_INLINE void scores() const {
    const std::size_t dim = args.cache.head_dim;
    const VF scale = hn::Set(DF(), args.scale);
    for (std::size_t p = first_block(); p < n; p += 16) {
      const float* keys = args.cache.keys + args.cache.key_index(kv_head, p, 0);
      for (std::size_t part = 0; part < kParts; ++part) {
        VF a[G][4];
        HWY_UNROLL(4)
        for (std::size_t g = 0; g < G; ++g) {
          HWY_UNROLL(4) for (std::size_t j = 0; j < 4; ++j) a[g][j] = hn::Zero(DF());
        }
        std::size_t d = 0;
        for (; d + 4 <= dim; d += 4) {
          HWY_UNROLL(4)
          for (std::size_t j = 0; j < 4; ++j) {
            const VF key = hn::LoadU(DF(), keys + (d + j) * 16 + part * kWidth);
            HWY_UNROLL(4)
            for (std::size_t g = 0; g < G; ++g) {
              a[g][j] = hn::MulAdd(hn::Set(DF(), q[g * dim + d + j]), key, a[g][j]);
            }
          }
        }
        for (std::size_t j = 0; d + j < dim; ++j) {
          const VF key = hn::LoadU(DF(), keys + (d + j) * 16 + part * kWidth);
          for (std::size_t g = 0; g < G; ++g) {
            a[g][j] = hn::MulAdd(hn::Set(DF(), q[g * dim + d + j]), key, a[g][j]);
          }
        }
        HWY_UNROLL(4)
        for (std::size_t g = 0; g < G; ++g) {
          const VF sum = hn::Add(hn::Add(a[g][0], a[g][2]), hn::Add(a[g][1], a[g][3]));
          hn::StoreU(hn::Mul(sum, scale), DF(), row(g) + p - first_block() + part * kWidth);
        }
      }
    }
  }

  /// Puts `x` into the slots of the first and the last block that the token does not see; `end` is
  /// the last block's.
  HWY_INLINE void fill_unseen(float* w, std::size_t end, float x) const {
    for (std::size_t i = 0; i < begin - first_block(); ++i) w[i] = x;
    for (std::size_t i = n - first_block(); i < end; ++i) w[i] = x;
  }

  /// weights = exp(score - max); returns their sum. Unseen slots of its blocks become +0.
  HWY_INLINE float softmax(std::size_t g) const {
    float* w = row(g);
    const std::size_t end = (n + 15) / 16 * 16 - first_block();
    fill_unseen(w, end, -std::numeric_limits<float>::infinity());
    V16 m = set16(-std::numeric_limits<float>::infinity());
    for (std::size_t i = 0; i < end; i += 16) {
      const V16 s = load16(w + i);
      HWY_UNROLL(4)
      for (std::size_t j = 0; j < kParts; ++j) m.part[j] = max_nan(m.part[j], s.part[j]);
    }
    alignas(64) float lanes[16];
    store16(m, lanes);
    float max = lanes[0];
    for (std::size_t l = 1; l < 16; ++l) max = contract::max_nan(max, lanes[l]);
    if (sinks != nullptr) max = contract::max_nan(max, sinks[g]);
    const VF vmax = hn::Set(DF(), max);
    V16 sum = zero16();
    for (std::size_t i = 0; i < end; i += 16) {
      V16 s = load16(w + i);
      HWY_UNROLL(4)
      for (std::size_t j = 0; j < kParts; ++j) s.part[j] = exp_contract(hn::Sub(s.part[j], vmax));
      store16(s, w + i);
      if (i == 0 || i + 16 == end) {  // unseen lanes take no part, also where max is NaN
        fill_unseen(w, end, 0.0F);
        s = load16(w + i);
      }
      HWY_UNROLL(4)
      for (std::size_t j = 0; j < kParts; ++j) sum.part[j] = hn::Add(sum.part[j], s.part[j]);
    }
    const float seen = reduce16(sum);
    return sinks == nullptr ? seen : seen + contract::exp(sinks[g] - max);
  }

  /// y[g][d ... d + lanes of V vectors) over all positions in ascending order.
  template <std::size_t V>
  HWY_INLINE void weighted_values(std::size_t d, const float* sums) const {
    const std::size_t dim = args.cache.head_dim;
    VF acc[G][V];
    HWY_UNROLL(4)
    for (std::size_t g = 0; g < G; ++g) {
      HWY_UNROLL(4) for (std::size_t v = 0; v < V; ++v) acc[g][v] = hn::Zero(DF());
    }
    const std::size_t capacity = args.cache.capacity;
    for (std::size_t p = begin; p < n;) {
      const float* values = args.cache.values + args.cache.value_index(kv_head, p) + d;
      const std::size_t stop = HWY_MIN(n, p + capacity - p % capacity);  // where slots start over
      for (; p < stop; ++p, values += dim) {
        VF value[V];
        HWY_UNROLL(4)
        for (std::size_t v = 0; v < V; ++v) value[v] = hn::LoadU(DF(), values + v * kWidth);
        HWY_UNROLL(4)
        for (std::size_t g = 0; g < G; ++g) {
          const VF w = hn::Set(DF(), row(g)[p - first_block()]);
          HWY_UNROLL(4)
          for (std::size_t v = 0; v < V; ++v) acc[g][v] = hn::MulAdd(w, value[v], acc[g][v]);
        }
      }
    }
    for (std::size_t g = 0; g < G; ++g) {
      const VF sum = hn::Set(DF(), sums[g]);
      for (std::size_t v = 0; v < V; ++v) {
        hn::StoreU(hn::Div(acc[g][v], sum), DF(), y + g * dim + d + v * kWidth);
      }
    }
  }

  /// The head's last few dimensions where head_dim is no multiple of the vector width.
  HWY_INLINE void weighted_values_tail(std::size_t first, const float* sums) const {
    const std::size_t dim = args.cache.head_dim;
    const std::size_t rest = dim - first;
    for (std::size_t g = 0; g < G; ++g) {
      V16 acc = zero16();
      for (std::size_t p = begin; p < n; ++p) {
        const float* value = args.cache.values + args.cache.value_index(kv_head, p) + first;
        acc = fma16(set16(row(g)[p - first_block()]), load16_padded(value, rest), acc);
      }
      alignas(64) float out[16];
      store16(acc, out);
      for (std::size_t i = 0; i < rest; ++i) y[g * dim + first + i] = out[i] / sums[g];
    }
  }

  void run() const {
    scores();
    float sums[G];
    for (std::size_t g = 0; g < G; ++g) sums[g] = softmax(g);
    const std::size_t dim = args.cache.head_dim;
    std::size_t d = 0;
    for (; d + 4 * kWidth <= dim; d += 4 * kWidth) weighted_values<4>(d, sums);
    for (; d + kWidth <= dim; d += kWidth) weighted_values<1>(d, sums);
    if (d < dim) weighted_values_tail(d, sums);
  }
};

template <std::size_t G>
void attend(const AttentionArgs& args, std::size_t t, std::size_t head, float* weights) {
  const std::size_t at = (t * args.heads + head) * args.cache.head_dim;
  const std::size_t kv_head = head / (args.heads / args.cache.heads);
  const Range slots = args.visible(args.positions[t]);
  const float* sinks = args.sinks == nullptr ? nullptr : args.sinks + head;
  HeadGroup<G>{args, kv_head, slots.begin, slots.end, args.q + at, args.y + at, weights, sinks}
      .run();
}

void attention_impl(const AttentionArgs& args, Share share) {
  auto* weights = reinterpret_cast<float*>(share.workspace);
  const std::size_t group = args.heads / args.cache.heads;
  const std::size_t chunk = HWY_MIN(group, kAttentionHeads);
  const std::size_t chunks = (group + chunk - 1) / chunk;
  const Range work = share.of(args.n_tokens * args.cache.heads * chunks);
  for (std::size_t i = work.begin; i < work.end; ++i) {
    const std::size_t t = i / (args.cache.heads * chunks);
    const std::size_t kv_head = i / chunks % args.cache.heads;
    const std::size_t first = i % chunks * chunk;
    const std::size_t head = kv_head * group + first;
    switch (HWY_MIN(chunk, group - first)) {
      case 4:
        attend<4>(args, t, head, weights);
        break;
      case 3:
        attend<3>(args, t, head, weights);
        break;
      case 2:
        attend<2>(args, t, head, weights);
        break;
      default:
        attend<1>(args, t, head, weights);
    }
  }
}

AttentionFn attention_for_target() { return &attention_impl; }
#else
AttentionFn attention_for_target() { return nullptr; }
#endif
}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fidelio {
HWY_EXPORT(attention_for_target);
AttentionFn attention_simd() { return HWY_DYNAMIC_DISPATCH(attention_for_target)(); }
}  // namespace fidelio
#endif
