// down_combine on vectors. One token: the same row of the selected experts is a set of distant
// streams by itself.
#include "kernels/fused/down_combine.h"

#include "kernels/expert_order.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/fused/down_combine.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"
#include "kernels/simd/panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {
#if FIDELIO_TARGET_IS_EXACT

/// acc += weights[s] * product[s] in slot order, one rounding each; lane 0 of a vector.
HWY_INLINE float accumulate(const float* weights, const float* products, std::size_t n, float acc) {
  const hn::CappedTag<float, 1> d1;
  auto sum = hn::Set(d1, acc);
  for (std::size_t s = 0; s < n; ++s) {
    sum = hn::MulAdd(hn::Set(d1, weights[s]), hn::Set(d1, products[s]), sum);
  }
  return hn::GetLane(sum);
}

/// The bias of one row for the expert of a slot; adding it comes after the product's rounding.
HWY_INLINE void add_row_bias(const DownCombineArgs& args, std::size_t slot, std::size_t row,
                             float* product) {
  if (args.bias == nullptr) return;
  *product += args.bias[static_cast<std::size_t>(args.ids[slot]) * args.experts[0].rows + row];
}

constexpr std::size_t kRunRows =
    128;  // rows of one expert before the next group of experts has its turn

/// One token: kRunRows rows of four experts at a time, so that each stream runs on for a while; a
/// row's sum goes on from one group of experts to the next, in slot order.
void one_token(const DownCombineArgs& args, Range rows) {
  const WeightView& shape = args.experts[0];
  const auto dot4 = DotRows<kStreams>::of(shape);
  const auto dot1 = DotRows<1>::of(shape);
  const auto row = [&](std::size_t slot, std::size_t r) HWY_ATTR {
    return row_of(args.experts[args.ids[slot]], r, args.x + slot * shape.cols);
  };
  for (std::size_t first = rows.begin; first < rows.end; first += kRunRows) {
    const std::size_t n = HWY_MIN(kRunRows, rows.end - first);
    float* sums = args.y + first;
    for (std::size_t i = 0; i < n; ++i) sums[i] = 0.0F;
    std::size_t slot = 0;
    for (; slot + kStreams <= args.top_k; slot += kStreams) {
      for (std::size_t i = 0; i < n; ++i) {
        Row streams[kStreams];
        for (std::size_t s = 0; s < kStreams; ++s) streams[s] = row(slot + s, first + i);
        float products[kStreams];
        dot4(streams, shape, products);
        for (std::size_t s = 0; s < kStreams; ++s)
          add_row_bias(args, slot + s, first + i, products + s);
        sums[i] = accumulate(args.weights + slot, products, kStreams, sums[i]);
      }
    }
    for (; slot < args.top_k; ++slot) {
      for (std::size_t i = 0; i < n; ++i) {
        float product[1];
        dot1({row(slot, first + i)}, shape, product);
        add_row_bias(args, slot, first + i, product);
        sums[i] = accumulate(args.weights + slot, product, 1, sums[i]);
      }
    }
  }
}

/// products[pair][0 ... n) = rows [first, first + n) of the pair's expert times its x.
void expert_products(const DownCombineArgs& args, const ExpertOrder& order, std::size_t first,
                     std::size_t n, float* products) {
  const std::size_t inter = args.experts[0].cols;
  const float* x[kTokenBlock];
  float block[kTokenBlock * kPanelRows];
  for (std::size_t e = 0; e < args.n_experts; ++e) {
    const std::uint32_t* pairs = order.pairs(e);
    for (std::size_t done = 0; done < order.count(e); done += kTokenBlock, pairs += kTokenBlock) {
      const std::size_t count = HWY_MIN(kTokenBlock, order.count(e) - done);
      for (std::size_t i = 0; i < count; ++i) x[i] = args.x + pairs[i] * inter;
      for (std::size_t r = 0; r < n; r += kPanelRows) {
        const std::size_t n_rows = HWY_MIN(kPanelRows, n - r);
        panel_product(args.experts[e], first + r, n_rows, x, count, block);
        for (std::size_t i = 0; i < count; ++i) {
          float* out = products + pairs[i] * kDownRows + r;
          copy_panel_rows(block, i, n_rows, out);
          for (std::size_t j = 0; j < n_rows; ++j)
            add_row_bias(args, pairs[i], first + r + j, out + j);
        }
      }
    }
  }
}

void several_tokens(const DownCombineArgs& args, Share share) {
  const std::size_t hidden = args.experts[0].rows;
  const std::size_t n_pairs = args.n_tokens * args.top_k;
  const Range rows = share.of(hidden);
  auto* products = reinterpret_cast<float*>(share.workspace);
  const ExpertOrder order(args.ids, n_pairs, args.n_experts,
                          share.workspace + n_pairs * kDownRows * sizeof(float));
  for (std::size_t first = rows.begin; first < rows.end; first += kDownRows) {
    const std::size_t n = HWY_MIN(kDownRows, rows.end - first);
    expert_products(args, order, first, n, products);
    for (std::size_t t = 0; t < args.n_tokens; ++t) {
      V16 acc = zero16();
      for (std::size_t s = 0; s < args.top_k; ++s) {
        const std::size_t pair = t * args.top_k + s;
        acc = fma16(set16(args.weights[pair]), load16_padded(products + pair * kDownRows, n), acc);
      }
      alignas(64) float out[16];
      store16(acc, out);
      std::memcpy(args.y + t * hidden + first, out, n * sizeof(float));
    }
  }
}

void down_combine_impl(const DownCombineArgs& args, Share share) {
  if (args.n_tokens == 1) {
    one_token(args, share.of(args.experts[0].rows));
  } else {
    several_tokens(args, share);
  }
}

DownCombineFn down_combine_for_target() { return &down_combine_impl; }
#else
DownCombineFn down_combine_for_target() { return nullptr; }
#endif
}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fidelio {
HWY_EXPORT(down_combine_for_target);
DownCombineFn down_combine_simd() { return HWY_DYNAMIC_DISPATCH(down_combine_for_target)(); }

std::size_t down_combine_workspace_bytes(std::size_t n_tokens, std::size_t top_k,
                                         std::size_t n_experts) {
  if (n_tokens == 1) return 0;
  return n_tokens * top_k * kDownRows * sizeof(float) +
         expert_order_bytes(n_tokens * top_k, n_experts);
}
}  // namespace fidelio
#endif
