// kv_append and attention: how their cases are made and what truth says of them.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/truth/truth_attention.h"
#include "validate/op_checks/op_problem.h"
#include "validate/op_checks/op_table.h"

namespace fidelio {
namespace {

std::size_t capacity_of(const OpCase& c) { return (c.context + c.n_tokens + 15) / 16 * 16 + 16; }

/// Used slots keep their contents; keys of the others become zero, as the contract wants, and
/// values NaN, which no kernel may read.
void clear_unused(const KvCacheView& cache, std::size_t used) {
  for (std::size_t h = 0; h < cache.heads; ++h) {
    for (std::size_t p = used; p < cache.capacity; ++p) {
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

Expected attention_expected(const AttentionArgs& args, std::size_t first) {
  const std::size_t dim = args.cache.head_dim;
  const TruthValue q = truth_of(args.q, args.n_tokens, args.heads * dim);
  const CacheRows<double> all = read_cache<double>(args.cache, first + args.n_tokens);
  const auto at = static_cast<std::ptrdiff_t>(first * args.cache.heads * dim);
  const CacheRows<double> own{{all.keys.begin() + at, all.keys.end()},
                              {all.values.begin() + at, all.values.end()}};
  std::vector<std::size_t> positions(args.n_tokens);
  std::iota(positions.begin(), positions.end(), first);
  Expected y{truth_attention<double>(
                 q, {all, own, positions, false},
                 {args.heads, args.cache.heads, static_cast<double>(args.scale), args.window})
                 .x,
             {}};
  for (std::size_t i = 0; i < args.n_tokens * args.heads; ++i) {
    const std::size_t kv_head = i % args.heads / (args.heads / args.cache.heads);
    const Range visible = args.visible(static_cast<std::int32_t>(first + i / args.heads));
    const Scores scores = scores_of(args, q.x.data() + i * dim, kv_head, visible);
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
  const AttentionArgs args{q,          p.output("y", n), cache, p.positions(c.context),
                           c.n_tokens, c.heads,          scale, c.window};
  p.workspace_bytes = attention_workspace_bytes(capacity_of(c));
  p.call = call_of(&KernelTable::attention, args);
  p.truth = [args, first = c.context](const ReferenceOutputs&) {
    return std::vector<Expected>{attention_expected(args, first)};
  };
}

}  // namespace fidelio
