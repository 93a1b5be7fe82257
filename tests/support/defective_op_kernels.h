// Kernels with one defect each: they call the good one and then do harm, or leave something out.
// Where they are planted and what must be said of them is planted_op_defects.h.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "kernels/contract.h"
#include "kernels/table.h"

namespace fidelio::testing {

namespace defects {

/// The kernels that the defective ones call before they do harm.
inline const KernelTable& good() {
  static const KernelTable table = kernels_for();
  return table;
}

inline void dropped_tail_lanes(const LinearArgs& args, Share share) {
  if (args.w.cols % 16 == 0) return good().linear(args, share);
  WeightView whole_blocks = args.w;
  whole_blocks.cols = args.w.cols / 16 * 16;
  const Range rows = share.of(args.w.rows);
  for (std::size_t t = 0; t < args.n_tokens; ++t) {
    for (std::size_t r = rows.begin; r < rows.end; ++r)
      args.y[t * args.w.rows + r] = contract::dot_row(whole_blocks, r, args.x + t * args.w.cols);
  }
}

inline void one_ulp(const ActivationArgs& args, Share share) {
  good().silu(args, share);
  const Range part = share.of(args.n);
  if (part.end > part.begin)
    args.y[part.end - 1] =
        std::nextafter(args.y[part.end - 1], std::numeric_limits<float>::infinity());
}

inline void one_past_the_end(const CombineArgs& args, Share share) {
  good().combine(args, share);
  if (share.index + 1 == share.count) args.y[args.n_tokens * args.size] = 0;
}

inline void read_beyond_the_input(const CombineArgs& args, Share share) {
  good().combine(args, share);
  const std::size_t n = args.n_tokens * args.top_k * args.size;
  if (share.index == 0 && args.size >= share.count) args.y[0] += 0 * args.x[n];
}

inline void one_before_the_beginning(const AttentionArgs& args, Share share) {
  good().attention(args, share);
  if (share.index == 0) args.y[-1] = 0;
}

inline void forgotten_last_row(const RowsArgs& args, Share share) {
  RowsArgs fewer = args;
  fewer.n_rows -= args.n_rows > 2 && args.x != args.y ? 1 : 0;
  good().softmax(fewer, share);
}

inline void wrong_at_seven_tokens(const GatherMatmulArgs& args, Share share) {
  good().gather_matmul(args, share);
  if (args.n_tokens == 7 && share.index == 0) args.y[0] = args.y[0] * 0.5F + 1;
}

inline void unset_workspace(const RouterTopkArgs& args, Share share) {
  const float before = reinterpret_cast<const float*>(share.workspace)[args.n_experts - 1];
  good().router_topk(args, share);
  const Range tokens = share.of(args.n_tokens);
  if (tokens.end > tokens.begin) args.values[tokens.begin * args.top_k] += 0 * before;
}

inline void too_large_a_workspace(const DownCombineArgs& args, Share share) {
  good().down_combine(args, share);
  const std::size_t bytes = down_combine_workspace_bytes(args.n_tokens, args.top_k, args.n_experts);
  share.workspace[bytes] = std::byte{1};
}

inline void nan_becomes_zero(const RmsNormArgs& args, Share share) {
  good().rms_norm(args, share);
  const Range rows = share.of(args.n_rows);
  for (std::size_t i = rows.begin * args.size; i < rows.end * args.size; ++i)
    if (std::isnan(args.y[i])) args.y[i] = 0;
}

inline void wrong_when_misaligned(const AddRmsNormArgs& args, Share share) {
  good().add_rms_norm(args, share);
  const Range rows = share.of(args.n_rows);
  if (reinterpret_cast<std::uintptr_t>(args.weight) % 16 == 0 || rows.begin == rows.end) return;
  args.y[rows.begin * args.size] = args.y[rows.begin * args.size] * 1.5F + 1;
}

inline void changed_input(const AddBiasArgs& args, Share share) {
  good().add_bias(args, share);
  const_cast<float*>(args.bias)[args.size - 1] += 1;
}

inline void second_threads_rows(const LinearArgs& args, Share share) {
  good().linear(args, share);
  const Range rows = share.of(args.w.rows);
  if (share.index == 1 && rows.end > rows.begin) args.y[rows.begin] = args.y[rows.begin] * 2 + 1;
}

/// Thread 0 also writes what belongs to thread 1, which usually comes later and puts it right.
inline void another_threads_rows(const EmbeddingArgs& args, Share share) {
  good().embedding(args, share);
  const Range cols = share.of(args.w.cols);
  if (share.index == 0 && share.count > 1 && cols.end < args.w.cols) args.y[cols.end] = 77;
}

inline void flushed_denormals(const ElementwiseArgs& args, Share share) {
  good().mul(args, share);
  const Range part = share.of(args.n);
  for (std::size_t i = part.begin; i < part.end; ++i)
    if (std::fpclassify(args.y[i]) == FP_SUBNORMAL) args.y[i] = 0;
}

inline void scales_without_sign(const GateUpSwigluArgs& args, Share share) {
  good().gate_up_swiglu(args, share);
  const WeightView& w = args.gate_proj[0];
  if (w.group_size != 0 && share.index == 0 && contract::scale_value(w.scales, w.scale_type, 0) < 0)
    args.y[0] = -args.y[0] + 1;
}

inline void ties_to_the_higher_id(const TopKArgs& args, Share share) {
  good().top_k(args, share);
  const Range rows = share.of(args.n_rows);
  for (std::size_t r = rows.begin; r < rows.end; ++r) {
    for (std::size_t s = r * args.k; s + 1 < (r + 1) * args.k; ++s)
      if (args.values[s] == args.values[s + 1]) std::swap(args.ids[s], args.ids[s + 1]);
  }
}

inline void wrong_zero(const ElementwiseArgs& args, Share share) {
  good().add(args, share);
  const Range part = share.of(args.n);
  for (std::size_t i = part.begin; i < part.end; ++i) args.y[i] += 0.0F;
}

inline void unused_slot(const AttentionArgs& args, Share share) {
  good().attention(args, share);
  const auto last = static_cast<std::size_t>(args.positions[args.n_tokens - 1]);
  if (share.index == 0) args.y[0] += 0 * args.cache.values[args.cache.value_index(0, last + 1)];
}

inline void window_off_by_one(const AttentionArgs& args, Share share) {
  AttentionArgs wider = args;
  wider.window += args.window == 0 ? 0 : 1;
  good().attention(wider, share);
}

inline void stale_slot(const KvAppendArgs& args, Share share) {
  KvAppendArgs fewer = args;
  fewer.n_tokens -= args.n_tokens == 33 ? 1 : 0;
  good().kv_append(fewer, share);
}

inline void interleaved_as_halves(const RopeArgs& args, Share share) {
  RopeArgs halves = args;
  halves.interleaved = false;
  good().rope(halves, share);
}

inline void multiplied_by_an_inverse(const NormalizeArgs& args, Share share) {
  const Range rows = share.of(args.n_rows);
  for (std::size_t r = rows.begin; r < rows.end; ++r) {
    float sum = args.x[r * args.size];
    for (std::size_t i = 1; i < args.size; ++i) sum += args.x[r * args.size + i];
    const float inverse = 1 / sum;
    for (std::size_t i = r * args.size; i < (r + 1) * args.size; ++i)
      args.y[i] = args.x[i] * inverse;
  }
}

inline void dropped_sinks(const AttentionArgs& args, Share share) {
  AttentionArgs without = args;
  without.sinks = nullptr;
  good().attention(without, share);
}

inline void one_step_old(const ShortConvArgs& args, Share share) {
  good().short_conv(args, share);
  const std::size_t n = args.cache.channels;
  const Range mine = share.of(n);
  for (std::size_t i = 0; i < args.n_tokens * n; ++i) {
    const auto position = static_cast<std::size_t>(args.positions[i / n]);
    if (i % n < mine.begin || i % n >= mine.end || position == 0) continue;
    args.y[i] = args.taps[(args.n_taps - 1) * n + i % n] * args.cache.row(position - 1)[i % n];
  }
}

inline void ignored_clamp(const ClampArgs& args, Share share) {
  const Range part = share.of(args.n);
  for (std::size_t i = part.begin; i < part.end; ++i) args.y[i] = args.x[i];
}

inline void clamped_nan(const ClampArgs& args, Share share) {
  const Range part = share.of(args.n);
  for (std::size_t i = part.begin; i < part.end; ++i)
    args.y[i] = std::fmax(args.min, std::fmin(args.max, args.x[i]));
}

inline void bias_kept_in_weights(const RouterTopkArgs& args, Share share) {
  good().router_topk(args, share);
  if (args.selection_bias == nullptr) return;
  const Range tokens = share.of(args.n_tokens);
  for (std::size_t i = tokens.begin * args.top_k; i < tokens.end * args.top_k; ++i)
    args.values[i] += args.factor * args.selection_bias[args.ids[i]];
}

inline void ignored_alpha(const ActivationArgs& args, Share share) {
  ActivationArgs plain = args;
  plain.alpha = 1;
  good().silu(plain, share);
}

inline void swapped_biases(const GateUpSwigluArgs& args, Share share) {
  GateUpSwigluArgs swapped = args;
  std::swap(swapped.gate_bias, swapped.up_bias);
  good().gate_up_swiglu(swapped, share);
}

inline void ignored_form(const GateUpSwigluArgs& args, Share share) {
  GateUpSwigluArgs plain = args;
  plain.form = {};
  good().gate_up_swiglu(plain, share);
}

inline void dropped_down_bias(const DownCombineArgs& args, Share share) {
  DownCombineArgs without = args;
  without.bias = nullptr;
  good().down_combine(without, share);
}

inline void ignored_eps(const NormalizeArgs& args, Share share) {
  NormalizeArgs without = args;
  without.eps = 0;
  good().normalize(without, share);
}

}  // namespace defects

}  // namespace fidelio::testing
