// kv_append, attention and short_conv: how their cases are made and what truth says of them.
// Variants: attention counts 1 for sinks and 2 for a cache that holds no more than the window and
// the step.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/truth/truth_attention.h"
#include "validate/op_checks/op_problem.h"
#include "validate/op_checks/op_table.h"

namespace fidelio {
namespace {

std::size_t whole_blocks(std::size_t n) { return (n + 15) / 16 * 16; }

std::size_t capacity_of(const OpCase& c) {
  const bool bounded = c.op == "attention" && c.variant >= 2 && c.window > 0;
  return bounded ? whole_blocks(c.window - 1 + c.n_tokens)
                 : whole_blocks(c.context + c.n_tokens) + 16;
}

/// Used slots keep their contents; keys of the others become zero, as the contract wants, and
/// values NaN, which no kernel may read.
void clear_unused(const KvCacheView& cache, std::size_t used) {
  for (std::size_t h = 0; h < cache.heads; ++h) {
    for (std::size_t p = used; p < cache.capacity; ++p) {  // a bounded cache may have none left
      for (std::size_t d = 0; d < cache.head_dim; ++d) {
        cache.keys[cache.key_index(h, p, d)] = 0;
        cache.values[cache.value_index(h, p) + d] = std::numeric_limits<float>::quiet_NaN();
      }
    }
  }
}

/// Scores of one head of one token and how far each may be off.
struct Scores {
  std::vector<double> value;
  std::vector<double> error;
  bool judged = true;
};

Scores scores_of(const AttentionArgs& args, const double* q, std::size_t kv_head, Range visible) {
  const KvCacheView& cache = args.cache;
  const double scale = static_cast<double>(args.scale);
  // A lane of every fourth dimension, two levels of sums, the scale.
  const std::size_t steps_of_a_lane = (cache.head_dim + 3) / 4;
  const double k = static_cast<double>(steps_of_a_lane) + 3;
  Scores scores;
  for (std::size_t p = visible.begin; p < visible.end; ++p) {
    double sum = 0;
    double magnitude = 0;
    for (std::size_t d = 0; d < cache.head_dim; ++d) {
      const double term = q[d] * static_cast<double>(cache.keys[cache.key_index(kv_head, p, d)]);
      sum += term;
      magnitude += std::abs(term);
    }
    scores.value.push_back(sum * scale);
    const double error = sum_bound(sum, magnitude, k, static_cast<double>(cache.head_dim));
    scores.error.push_back(error * scale + kUnit * kSmall);
    if (error == kUnjudged) scores.judged = false;
  }
  return scores;
}

/// The bound of output d of a head: fmas over the visible positions in ascending order, divided by
/// the sum, whose own error every probability's bound already holds.
double output_bound(const AttentionArgs& args, const Expected& shares, double truth,
                    std::size_t kv_head, std::size_t d, Range visible) {
  double magnitude = 0;
  double from_shares = 0;
  for (std::size_t p = visible.begin; p < visible.end; ++p) {
    const double v =
        std::abs(static_cast<double>(args.cache.values[args.cache.value_index(kv_head, p) + d]));
    magnitude += shares.value[p - visible.begin] * v;
    from_shares += shares.bound[p - visible.begin] * v;
  }
  if (!std::isfinite(truth)) return 0;
  const auto n = static_cast<double>(visible.end - visible.begin);
  if (!std::isfinite(from_shares) || may_overflow(magnitude * n)) return kUnjudged;
  return from_shares + sum_bound(truth, magnitude, n + 2, n);
}

/// The first n positions, those that the cache no longer holds as zeros.
CacheRows<double> held_positions(const KvCacheView& cache, std::size_t n) {
  const std::size_t width = cache.heads * cache.head_dim;
  CacheRows<double> rows{std::vector<double>(n * width), std::vector<double>(n * width)};
  for (std::size_t p = n - std::min(n, cache.capacity); p < n; ++p) {
    for (std::size_t i = 0; i < width; ++i) {
      const std::size_t h = i / cache.head_dim;
      const std::size_t d = i % cache.head_dim;
      rows.keys[p * width + i] = static_cast<double>(cache.keys[cache.key_index(h, p, d)]);
      rows.values[p * width + i] = static_cast<double>(cache.values[cache.value_index(h, p) + d]);
    }
  }
  return rows;
}

Expected attention_expected(const AttentionArgs& args, std::size_t first) {
  const std::size_t dim = args.cache.head_dim;
  const TruthValue q = truth_of(args.q, args.n_tokens, args.heads * dim);
  const CacheRows<double> all = held_positions(args.cache, first + args.n_tokens);
  const auto at = static_cast<std::ptrdiff_t>(first * args.cache.heads * dim);
  const CacheRows<double> own{{all.keys.begin() + at, all.keys.end()},
                              {all.values.begin() + at, all.values.end()}};
  std::vector<std::size_t> positions(args.n_tokens);
  std::iota(positions.begin(), positions.end(), first);
  const std::span<const float> sinks(args.sinks, args.sinks == nullptr ? 0 : args.heads);
  Expected y{truth_attention<double>(q, {all, own, positions, false},
                                     {args.heads, args.cache.heads, static_cast<double>(args.scale),
                                      args.window, sinks})
                 .x,
             {}};
  for (std::size_t i = 0; i < args.n_tokens * args.heads; ++i) {
    const std::size_t kv_head = i % args.heads / (args.heads / args.cache.heads);
    const Range visible = args.visible(static_cast<std::int32_t>(first + i / args.heads));
    Scores scores = scores_of(args, q.x.data() + i * dim, kv_head, visible);
    if (!sinks.empty()) {
      scores.value.push_back(static_cast<double>(sinks[i % args.heads]));
      scores.error.push_back(0);
    }
    const Expected shares =
        softmax_expected(scores.value.data(), scores.value.size(), scores.error);
    for (std::size_t d = 0; d < dim; ++d) {
      const double truth = y.value[i * dim + d];
      y.bound.push_back(scores.judged ? output_bound(args, shares, truth, kv_head, d, visible)
                                      : kUnjudged);
    }
  }
  return y;
}

}  // namespace

void make_kv_append(OpProblem& p) {
  const OpCase& c = p.c;
  const std::size_t n = c.n_tokens * c.kv_heads * c.cols;
  const std::size_t size = c.kv_heads * capacity_of(c) * c.cols;
  const float* k = p.input("k", n, p.kind_of(0, 2));
  const float* v = p.input("v", n, p.kind_of(1, 2));
  const KvCacheView cache{p.in_out("keys", size, DataKind::normal),
                          p.in_out("values", size, DataKind::normal), capacity_of(c), c.kv_heads,
                          c.cols};
  const KvAppendArgs args{k, v, cache, p.positions(c.context), c.n_tokens};
  p.call = call_of(&KernelTable::kv_append, args);
  p.truth = [args, size](const ReferenceOutputs&) {
    std::vector<Expected> both{{truth_of(args.cache.keys, 1, size).x, std::vector<double>(size)},
                               {truth_of(args.cache.values, 1, size).x, std::vector<double>(size)}};
    const std::size_t dim = args.cache.head_dim;
    for (std::size_t i = 0; i < args.n_tokens * args.cache.heads * dim; ++i) {
      const std::size_t head = i / dim % args.cache.heads;
      const auto position = static_cast<std::size_t>(args.positions[i / dim / args.cache.heads]);
      both[0].value[args.cache.key_index(head, position, i % dim)] = static_cast<double>(args.k[i]);
      both[1].value[args.cache.value_index(head, position) + i % dim] =
          static_cast<double>(args.v[i]);
    }
    return both;
  };
}

void make_attention(OpProblem& p) {
  const OpCase& c = p.c;
  const std::size_t size = c.kv_heads * capacity_of(c) * c.cols;
  const std::size_t n = c.n_tokens * c.heads * c.cols;
  // A probability that float32 flushes to 0 and an infinite value would be NaN, and infinite in
  // truth.
  const DataKind values_kind = c.data == DataKind::infinite ? DataKind::normal : p.kind_of(2, 3);
  const float* q = p.input("q", n, p.kind_of(0, 3), 1);
  const float* keys = p.input("keys", size, p.kind_of(1, 3), 1);
  const float* values = p.input("values", size, values_kind);
  const KvCacheView cache{const_cast<float*>(keys), const_cast<float*>(values), capacity_of(c),
                          c.kv_heads, c.cols};
  clear_unused(cache, c.context + c.n_tokens);
  const float scale = 1.0F / std::sqrt(static_cast<float>(c.cols));
  const AttentionArgs args{
      q,
      p.output("y", n),
      cache,
      p.positions(c.context),
      c.n_tokens,
      c.heads,
      scale,
      c.window,
      c.variant % 2 == 1 ? p.input("sinks", c.heads, DataKind::normal, 1) : nullptr};
  p.workspace_bytes = attention_workspace_bytes(capacity_of(c));
  p.call = call_of(&KernelTable::attention, args);
  p.truth = [args, first = c.context](const ReferenceOutputs&) {
    return std::vector<Expected>{attention_expected(args, first)};
  };
}

void make_short_conv(OpProblem& p) {
  const OpCase& c = p.c;
  const std::size_t channels = c.kv_heads * c.cols;
  const std::size_t n_taps = std::max<std::size_t>(c.window, 1);
  const std::size_t slots = n_taps - 1 + c.n_tokens;
  const float* x = p.input("x", c.n_tokens * channels, p.kind_of(0, 3));
  const float* taps = p.input("taps", n_taps * channels, p.kind_of(1, 3));
  float* rows = p.in_out("rows", slots * channels, p.kind_of(2, 3));
  const ShortConvArgs args{x,
                           taps,
                           p.output("y", c.n_tokens * channels),
                           {rows, slots, channels},
                           p.positions(c.context),
                           c.n_tokens,
                           n_taps};
  const std::vector<float> before(rows, rows + slots * channels);
  p.call = call_of(&KernelTable::short_conv, args);
  p.truth = [args, before, first = c.context](const ReferenceOutputs&) {
    const std::size_t n = args.cache.channels;
    std::vector<float> held = before;
    const ConvCacheView cache{held.data(), args.cache.slots, n};
    for (std::size_t t = 0; t < args.n_tokens; ++t)
      std::copy_n(args.x + t * n, n, cache.row(first + t));
    Expected y;
    for (std::size_t i = 0; i < args.n_tokens * n; ++i) {
      const std::size_t position = first + i / n;
      double sum = 0;
      double magnitude = 0;
      for (std::size_t j = 0; j < args.n_taps; ++j) {
        if (position + j + 1 < args.n_taps) continue;
        const auto u = static_cast<double>(cache.row(position + j + 1 - args.n_taps)[i % n]);
        const double term = static_cast<double>(args.taps[j * n + i % n]) * u;
        sum += term;
        magnitude += std::abs(term);
      }
      const auto terms = static_cast<double>(args.n_taps);
      y.value.push_back(sum);
      y.bound.push_back(sum_bound(sum, magnitude, terms, terms));
    }
    const Expected rows_after{{held.begin(), held.end()}, std::vector<double>(held.size(), 0.0)};
    return std::vector<Expected>{rows_after, y};
  };
}

}  // namespace fidelio
