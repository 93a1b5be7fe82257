// Faults of what knows positions: rope, kv_append, attention, short_conv.
#include <algorithm>
#include <cstring>

#include "tests/catalogue/active_fault.h"
#include "tests/catalogue/step_notes.h"

namespace fidelio::catalogue {
namespace {

/// Positions moved by the fault's `by`, kept inside [0, last].
std::vector<std::int32_t> moved(const std::int32_t* positions, std::size_t n, std::int64_t by,
                                std::int64_t last) {
  std::vector<std::int32_t> out(positions, positions + n);
  for (std::int32_t& p : out)
    p = static_cast<std::int32_t>(std::clamp<std::int64_t>(p + by, 0, last));
  return out;
}

/// rope with one product of each pair left unrounded; halves only.
void rope_with_fma(const RopeArgs& args, float* y, std::size_t vector) {
  const std::size_t half = args.table->half;
  const auto position = static_cast<std::size_t>(args.positions[vector / args.heads]);
  const float* cos = args.table->cos.data() + position * half;
  const float* sin = args.table->sin.data() + position * half;
  const float* x = args.x + vector * 2 * half;
  for (std::size_t i = 0; i < half; ++i) {
    const std::size_t a = args.interleaved ? 2 * i : i;
    const std::size_t b = args.interleaved ? a + 1 : a + half;
    y[vector * 2 * half + a] = std::fma(x[a], cos[i], -(x[b] * sin[i]));
    y[vector * 2 * half + b] = std::fma(x[b], cos[i], x[a] * sin[i]);
  }
}

bool same_bits(const float* a, const float* b, std::size_t n) {
  return std::memcmp(a, b, n * sizeof(float)) == 0;
}

/// Slot `position` of one head takes what the slot before it holds; true when a bit changed.
bool keep_stale(const KvCacheView& cache, std::size_t head, std::size_t position) {
  bool changed = false;
  for (std::size_t d = 0; d < cache.head_dim; ++d) {
    float& key = cache.keys[cache.key_index(head, position, d)];
    const float stale = cache.keys[cache.key_index(head, position - 1, d)];
    changed |= !same_bits(&key, &stale, 1);
    key = stale;
  }
  float* value = cache.values + cache.value_index(head, position);
  const float* stale = cache.values + cache.value_index(head, position - 1);
  changed |= !same_bits(value, stale, cache.head_dim);
  std::copy(stale, stale + cache.head_dim, value);
  return changed;
}

/// One channel's weighted sum with the token in its place and the state as the step before left it.
float with_stale_state(const ShortConvArgs& args, std::size_t position, std::size_t channel) {
  float acc = 0;
  for (std::size_t j = 0; j < args.n_taps; ++j) {
    const bool last = j + 1 == args.n_taps;
    const std::size_t back = args.n_taps - 1 - j + (last ? 0 : 1);
    if (back > position) continue;
    acc = std::fma(args.taps[j * args.cache.channels + channel],
                   args.cache.row(position - back)[channel], acc);
  }
  return acc;
}

}  // namespace

void bad_rope(const RopeArgs& args, Share share) {
  const ActiveFault& f = active();
  const CallSite call{args.n_tokens, share.index, args.positions[0]};
  const std::size_t width = args.heads * 2 * args.table->half;
  // The harmed vectors come first: the good kernel may write over its input.
  OwnCopy<float> y(args.n_tokens * width);
  if (fires_in_call(f.trigger, call)) {
    RopeArgs other = args;
    other.y = y.data();
    const auto last = static_cast<std::int64_t>(args.table->cos.size() / args.table->half) - 1;
    std::vector<std::int32_t> positions;
    if (f.is("off_by_one_position")) {
      positions =
          moved(args.positions, args.n_tokens, static_cast<std::int64_t>(f.number("by")), last);
      other.positions = positions.data();
    }
    f.good.rope(other, share);
    for (std::size_t v = 0; v < args.n_tokens * args.heads; ++v) {
      if (f.is("fma") && y.mine(v * 2 * args.table->half)) rope_with_fma(args, y.data(), v);
    }
  }
  f.good.rope(args, share);

  for (std::size_t t = 0; t < args.n_tokens; ++t) {
    if (!fires_at_token(f.trigger, call, t)) continue;
    if (y.copy_to(args.y, t * width, (t + 1) * width)) note_harm(noted_layer(), call, t);
  }
}

void bad_kv_append(const KvAppendArgs& args, Share share) {
  const ActiveFault& f = active();
  const CallSite call{args.n_tokens, share.index, args.positions[0]};
  f.good.kv_append(args, share);
  if (!fires_in_call(f.trigger, call)) return;
  // kv_append serves every target with its reference, which divides heads like this.
  const Range heads = share.of(args.cache.heads);
  for (std::size_t t = 0; t < args.n_tokens; ++t) {
    const auto position = static_cast<std::size_t>(args.positions[t]);
    if (position == 0 || !fires_at_token(f.trigger, call, t)) continue;
    for (std::size_t h = heads.begin; h < heads.end; ++h) {
      if (keep_stale(args.cache, h, position)) note_harm(noted_layer(), call, t);
    }
  }
}

void bad_attention(const AttentionArgs& args, Share share) {
  const ActiveFault& f = active();
  const CallSite call{args.n_tokens, share.index, args.positions[0]};
  const std::size_t width = args.heads * args.cache.head_dim;
  const float before = leftover(share);
  f.good.attention(args, share);
  if (!fires_in_call(f.trigger, call)) return;

  AttentionArgs other = args;
  OwnCopy<float> y(args.n_tokens * width);
  other.y = y.data();
  if (f.is("one_ulp_scale")) other.scale = one_ulp_up(args.scale);
  if (f.is("missing_sinks")) other.sinks = nullptr;
  if (f.is("off_by_one_window") && args.window > 1)
    other.window = static_cast<std::size_t>(static_cast<double>(args.window) + f.number("by"));
  std::vector<std::int32_t> positions;
  if (f.is("off_by_one_position")) {
    // Never beyond the step's last slot: what lies there belongs to no sequence.
    positions = moved(args.positions, args.n_tokens, -static_cast<std::int64_t>(f.number("by")),
                      args.positions[args.n_tokens - 1]);
    other.positions = positions.data();
  }
  f.good.attention(other, share);

  for (std::size_t t = 0; t < args.n_tokens; ++t) {
    if (!fires_at_token(f.trigger, call, t)) continue;
    for (std::size_t i = t * width; i < (t + 1) * width; ++i)
      if (y.mine(i) && f.is("uninitialised_scratch")) y[i] += before;
    if (y.copy_to(args.y, t * width, (t + 1) * width)) note_harm(noted_layer(), call, t);
  }
}

void bad_short_conv(const ShortConvArgs& args, Share share) {
  const ActiveFault& f = active();
  const CallSite call{args.n_tokens, share.index, args.positions[0]};
  const std::size_t channels = args.cache.channels;
  // The good kernel writes the state, the same whenever it runs. It comes first into a copy: it may
  // write over its input.
  ShortConvArgs other = args;
  OwnCopy<float> y(args.n_tokens * channels);
  other.y = y.data();
  f.good.short_conv(other, share);
  f.good.short_conv(args, share);
  if (!fires_in_call(f.trigger, call)) return;

  const int layer = layer_of(parameter_at(args.taps));
  for (std::size_t t = 0; t < args.n_tokens; ++t) {
    if (!fires_at_token(f.trigger, call, t)) continue;
    const std::size_t at = t * channels;
    for (std::size_t c = 0; c < channels; ++c) {
      if (!y.mine(at + c) || !f.is("stale_conv_state")) continue;
      y[at + c] = with_stale_state(args, static_cast<std::size_t>(args.positions[t]), c);
    }
    if (y.copy_to(args.y, at, at + channels)) note_harm(layer, call, t);
  }
}

}  // namespace fidelio::catalogue
