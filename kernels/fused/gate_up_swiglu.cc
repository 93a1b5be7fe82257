// gate_up_swiglu on vectors. One token: row r of gate_proj and of up_proj from two distant places
// of the thread's range make the four streams. Several tokens: a gate panel and an up panel meet in
// a block of four rows.
#include "kernels/fused/gate_up_swiglu.h"

#include "kernels/expert_order.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/fused/gate_up_swiglu.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"
#include "kernels/simd/panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {
#if FIDELIO_TARGET_IS_EXACT

/// The activation of n results; each bias stands beside its result, or nowhere.
HWY_INLINE void swiglu(const SwigluForm& form, const float* gate, const float* up, float* y,
                       std::size_t n) {
  const DF d;
  const VF low = hn::Set(d, -std::numeric_limits<float>::infinity());
  const VF gate_max = hn::Set(d, form.gate_max);
  const VF alpha = hn::Set(d, form.alpha);
  const VF up_min = hn::Set(d, form.up_min);
  const VF up_max = hn::Set(d, form.up_max);
  const VF up_add = hn::Set(d, form.up_add);
  const bool adds = form.up_add != 0;
  map_floats(gate, up, y, n, [=](VF g, VF u) HWY_ATTR {
    u = clamp_contract(u, up_min, up_max);
    if (adds) u = hn::Add(u, up_add);
    return hn::Mul(silu_contract(clamp_contract(g, low, gate_max), alpha), u);
  });
}

HWY_INLINE void add_biases(const float* bias, float* x, std::size_t n) {
  map_floats(x, bias, x, n, [](VF v, VF b) HWY_ATTR { return hn::Add(v, b); });
}

constexpr std::size_t kBlock = 128;  // results of a stream that wait for their activation together

/// One projection's rows for one token, by their place in the list of all slots' rows.
struct ProjectionRows {
  const WeightView* stack;
  const GateUpSwigluArgs& args;
  std::size_t inter;
  HWY_INLINE Row row(std::size_t r) const {
    const std::size_t slot = r / inter;
    return row_of(stack[args.ids[slot]], r - slot * inter, args.x);
  }
};

/// out[s][i] = row first + s * stride + i, four streams at a time.
HWY_INLINE void stream_rows(const ProjectionRows& source, std::size_t first, std::size_t stride,
                            std::size_t n, float (*out)[kBlock]) {
  const auto dot4 = DotRows<kStreams>::of(source.stack[0]);
  for (std::size_t i = 0; i < n; ++i) {
    Row rows[kStreams];
    float y[kStreams];
    for (std::size_t s = 0; s < kStreams; ++s) rows[s] = source.row(first + s * stride + i);
    dot4(rows, source.stack[0], y);
    for (std::size_t s = 0; s < kStreams; ++s) out[s][i] = y[s];
  }
}

/// Adds the biases of results [first, first + n) of one token, a list of all slots' rows.
HWY_INLINE void add_slot_biases(const GateUpSwigluArgs& args, std::size_t first, std::size_t n,
                                float* gate, float* up) {
  if (args.gate_bias == nullptr) return;
  const std::size_t inter = args.gate_proj[0].rows;
  for (std::size_t done = 0; done < n;) {
    const std::size_t slot = (first + done) / inter;
    const std::size_t row = (first + done) - slot * inter;
    const std::size_t part = HWY_MIN(n - done, inter - row);
    const std::size_t at = static_cast<std::size_t>(args.ids[slot]) * inter + row;
    add_biases(args.gate_bias + at, gate + done, part);
    add_biases(args.up_bias + at, up + done, part);
    done += part;
  }
}

/// One token. Eight streams at a time would be slower than four (docs/numerics.md), so a block of
/// gate rows is followed by the same block of up rows, each as four streams a quarter of the
/// thread's range apart.
void one_token(const GateUpSwigluArgs& args, Range rows) {
  const std::size_t inter = args.gate_proj[0].rows;
  const ProjectionRows gate_rows{args.gate_proj, args, inter};
  const ProjectionRows up_rows{args.up_proj, args, inter};
  const std::size_t quarter = (rows.end - rows.begin) / kStreams;
  for (std::size_t first = 0; first < quarter; first += kBlock) {
    const std::size_t n = HWY_MIN(kBlock, quarter - first);
    alignas(64) float gate[kStreams][kBlock];
    alignas(64) float up[kStreams][kBlock];
    stream_rows(gate_rows, rows.begin + first, quarter, n, gate);
    stream_rows(up_rows, rows.begin + first, quarter, n, up);
    for (std::size_t s = 0; s < kStreams; ++s) {
      const std::size_t at = rows.begin + s * quarter + first;
      add_slot_biases(args, at, n, gate[s], up[s]);
      swiglu(args.form, gate[s], up[s], args.y + at, n);
    }
  }
  const auto gate1 = DotRows<1>::of(args.gate_proj[0]);
  const auto up1 = DotRows<1>::of(args.up_proj[0]);
  for (std::size_t r = rows.begin + kStreams * quarter; r < rows.end; ++r) {
    float g[1];
    float u[1];
    gate1({gate_rows.row(r)}, args.gate_proj[0], g);
    up1({up_rows.row(r)}, args.up_proj[0], u);
    add_slot_biases(args, r, 1, g, u);
    swiglu(args.form, g, u, args.y + r, 1);
  }
}

void several_tokens(const GateUpSwigluArgs& args, Share share) {
  const std::size_t inter = args.gate_proj[0].rows;
  const std::size_t hidden = args.gate_proj[0].cols;
  const Range rows = share.of(inter);
  const ExpertOrder order(args.ids, args.n_tokens * args.top_k, args.n_experts, share.workspace);
  const float* x[kTokenBlock];
  alignas(64) float gate[kTokenBlock * kPanelRows];
  alignas(64) float up[kTokenBlock * kPanelRows];
  for (std::size_t e = 0; e < args.n_experts; ++e) {
    const std::uint32_t* pairs = order.pairs(e);
    for (std::size_t first = 0; first < order.count(e);
         first += kTokenBlock, pairs += kTokenBlock) {
      const std::size_t n = HWY_MIN(kTokenBlock, order.count(e) - first);
      for (std::size_t i = 0; i < n; ++i) x[i] = args.x + pairs[i] / args.top_k * hidden;
      for (std::size_t r = rows.begin; r < rows.end; r += kPanelRows) {
        const std::size_t n_rows = HWY_MIN(kPanelRows, rows.end - r);
        panel_product(args.gate_proj[e], r, n_rows, x, n, gate);
        panel_product(args.up_proj[e], r, n_rows, x, n, up);
        if (args.gate_bias != nullptr) {
          const std::size_t at = e * inter + r;
          for (std::size_t i = 0; i < n * kPanelRows; i += kPanelRows) {
            add_biases(args.gate_bias + at, gate + i, n_rows);
            add_biases(args.up_bias + at, up + i, n_rows);
          }
        }
        swiglu(args.form, gate, up, gate, n * kPanelRows);
        for (std::size_t i = 0; i < n; ++i)
          copy_panel_rows(gate, i, n_rows, args.y + pairs[i] * inter + r);
      }
    }
  }
}

void gate_up_swiglu_impl(const GateUpSwigluArgs& args, Share share) {
  if (args.n_tokens == 1) {
    one_token(args, share.of(args.top_k * args.gate_proj[0].rows));
  } else {
    several_tokens(args, share);
  }
}

GateUpSwigluFn gate_up_swiglu_for_target() { return &gate_up_swiglu_impl; }
#else
GateUpSwigluFn gate_up_swiglu_for_target() { return nullptr; }
#endif
}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fidelio {
HWY_EXPORT(gate_up_swiglu_for_target);
GateUpSwigluFn gate_up_swiglu_simd() { return HWY_DYNAMIC_DISPATCH(gate_up_swiglu_for_target)(); }
}  // namespace fidelio
#endif
