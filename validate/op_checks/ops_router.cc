// softmax, normalize, top_k and the fused router: how their cases are made and what truth says of
// them. Variants: softmax and normalize 1 are in place, normalize 2 and 3 have an eps; router_topk
// counts 1 for normalize and 2 for topk_softmax, from 4 on 1 for normalize with an eps and 2 for a
// selection bias and a factor, all of sigmoid_topk.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "validate/op_checks/op_problem.h"
#include "validate/op_checks/op_table.h"

namespace fidelio {
namespace {

constexpr float kNormalizeEps = 1e-6F;
constexpr int kLogitShift = 5;  // normal logits in (-32, 32)

RowsArgs rows_args(OpProblem& p, int shift) {
  const std::size_t n = p.c.n_tokens * p.c.cols;
  if (p.c.variant % 2 == 1) {
    float* y = p.in_out("x", n, p.kind_of(0, 1), shift);
    return {y, y, p.c.n_tokens, p.c.cols};
  }
  return {p.input("x", n, p.kind_of(0, 1), shift), p.output("y", n), p.c.n_tokens, p.c.cols};
}

void append(Expected& to, const Expected& from) {
  to.value.insert(to.value.end(), from.value.begin(), from.value.end());
  to.bound.insert(to.bound.end(), from.bound.begin(), from.bound.end());
}

/// Shares of the sum of n values that are off by in.bound: n - 1 roundings of the sum, one of the
/// division. Not judged where the sum may be nothing but rounding.
Expected normalize_expected(const Expected& in, double eps) {
  const std::size_t n = in.value.size();
  Expected y{truth_normalize<double>({1, n, in.value, {}}, eps).x, std::vector<double>(n, 0.0)};
  double sum = eps;
  double magnitude = eps;
  double errors = 0;
  for (std::size_t i = 0; i < n; ++i) {
    sum += in.value[i];
    magnitude += std::abs(in.value[i]);
    errors += in.bound[i];
  }
  const double of_sum =
      (errors + roundings(static_cast<double>(n) + (eps == 0 ? 0 : 1)) * magnitude) / std::abs(sum);
  const bool plain = (n == 1 && eps == 0) || magnitude == std::abs(sum);
  for (std::size_t i = 0; i < n; ++i) {
    if (!std::isfinite(y.value[i]) && (plain || !std::isfinite(magnitude))) continue;
    const double size = std::abs(y.value[i]);
    if (!(of_sum < 0.5) || may_overflow(magnitude) || may_overflow(size)) {
      y.bound[i] = kUnjudged;
    } else {
      y.bound[i] = (in.bound[i] / std::abs(sum) + size * (of_sum + roundings(2)) + kUnit * kSmall) /
                   (1 - of_sum);
    }
  }
  return y;
}

/// The k largest of n, as truth_top_k orders them, with NaN above everything.
TruthValue chosen_ids(const double* x, std::size_t n, std::size_t k) {
  TruthValue keys = zero_rows(1, n);
  for (std::size_t i = 0; i < n; ++i) {
    keys.x[i] = std::isnan(x[i])               ? std::numeric_limits<double>::infinity()
                : std::isinf(x[i]) && x[i] > 0 ? std::numeric_limits<double>::max()
                                               : x[i];
  }
  return truth_top_k(keys, k).second;
}

std::vector<std::int32_t> reference_ids(const std::vector<std::byte>& bytes, std::size_t first,
                                        std::size_t n) {
  std::vector<std::int32_t> ids(n);
  std::memcpy(ids.data(), bytes.data() + first * sizeof(std::int32_t), n * sizeof(std::int32_t));
  return ids;
}

/// The experts that may be chosen: truth's, or the reference's where rounding cannot tell them
/// apart. An expert named twice is none of them.
std::vector<std::int32_t> allowed_ids(const Expected& scores, const TruthValue& best,
                                      const std::vector<std::int32_t>& reference) {
  std::vector<std::int32_t> ids = best.ids;
  for (std::size_t s = 0; s < ids.size(); ++s) {
    const std::int32_t id = reference[s];
    const auto earlier = reference.begin() + static_cast<std::ptrdiff_t>(s);
    if (id < 0 || static_cast<std::size_t>(id) >= scores.value.size() ||
        std::find(reference.begin(), earlier, id) != earlier)
      continue;
    const auto other = static_cast<std::size_t>(id);
    const auto wanted = static_cast<std::size_t>(best.ids[s]);
    const double apart = std::abs(scores.value[other] - scores.value[wanted]);
    if (apart <= scores.bound[other] + scores.bound[wanted]) ids[s] = id;
  }
  return ids;
}

/// What the experts' weights are made of.
Expected scores_expected(const RouterTopkArgs& args, const double* logits) {
  const std::size_t n = args.n_experts;
  if (args.order == RouterOrder::softmax_topk) return softmax_expected(logits, n);
  Expected scores{{logits, logits + n}, std::vector<double>(n)};
  if (args.order == RouterOrder::topk_softmax) return scores;
  scores.value = truth_sigmoid<double>({1, n, scores.value, {}}).x;
  for (std::size_t e = 0; e < n; ++e) {
    const double s = scores.value[e];
    scores.bound[e] = std::isfinite(s) ? sum_bound(s, s, kExpRoundings + 2) + 0x1p-121 : 0;
  }
  return scores;
}

Expected with_selection_bias(Expected scores, const RouterTopkArgs& args) {
  if (args.selection_bias == nullptr) return scores;
  for (std::size_t e = 0; e < args.n_experts; ++e) {
    const auto bias = static_cast<double>(args.selection_bias[e]);
    const double magnitude = std::abs(scores.value[e]) + std::abs(bias);
    scores.value[e] += bias;
    scores.bound[e] += sum_bound(scores.value[e], magnitude, 1);
  }
  return scores;
}

void scale(Expected& values, double factor) {
  for (std::size_t i = 0; i < values.value.size(); ++i) {
    values.value[i] *= factor;
    const double magnitude = std::abs(values.value[i]);
    if (!std::isfinite(values.value[i])) continue;
    values.bound[i] = factor * values.bound[i] + sum_bound(values.value[i], magnitude, 1);
  }
}

/// Values and ids of one token.
std::pair<Expected, std::vector<std::int32_t>> route_token(const RouterTopkArgs& args,
                                                           const double* logits,
                                                           const std::vector<std::int32_t>& ref) {
  const std::size_t n = args.n_experts;
  const Expected scores = scores_expected(args, logits);
  const Expected keys = with_selection_bias(scores, args);
  const std::vector<std::int32_t> ids =
      allowed_ids(keys, chosen_ids(keys.value.data(), n, args.top_k), ref);
  Expected values;
  for (const std::int32_t id : ids) {
    values.value.push_back(scores.value[static_cast<std::size_t>(id)]);
    values.bound.push_back(scores.bound[static_cast<std::size_t>(id)]);
  }
  if (args.order == RouterOrder::topk_softmax)
    values = softmax_expected(values.value.data(), values.value.size());
  if (args.normalize) values = normalize_expected(values, static_cast<double>(args.eps));
  if (args.factor != 1) scale(values, static_cast<double>(args.factor));
  return {values, ids};
}

}  // namespace

void make_softmax(OpProblem& p) {
  const RowsArgs args = rows_args(p, kLogitShift);
  p.call = call_of(&KernelTable::softmax, args);
  p.truth = [args](const ReferenceOutputs&) {
    const TruthValue x = truth_of(args.x, args.n_rows, args.size);
    Expected y;
    for (std::size_t r = 0; r < args.n_rows; ++r) append(y, softmax_expected(x.row(r), args.size));
    return std::vector<Expected>{y};
  };
}

void make_normalize(OpProblem& p) {
  const RowsArgs rows = rows_args(p, 0);
  const NormalizeArgs args{rows.x, rows.y, rows.n_rows, rows.size,
                           p.c.variant >= 2 ? kNormalizeEps : 0};
  p.call = call_of(&KernelTable::normalize, args);
  p.truth = [args](const ReferenceOutputs&) {
    const TruthValue x = truth_of(args.x, args.n_rows, args.size);
    Expected y;
    for (std::size_t r = 0; r < args.n_rows; ++r) {
      append(y, normalize_expected(
                    {{x.row(r), x.row(r) + args.size}, std::vector<double>(args.size, 0.0)},
                    static_cast<double>(args.eps)));
    }
    return std::vector<Expected>{y};
  };
}

void make_top_k(OpProblem& p) {
  const OpCase& c = p.c;
  const std::size_t chosen = c.n_tokens * c.top_k;
  const TopKArgs args{p.input("x", c.n_tokens * c.cols, p.kind_of(0, 1), kLogitShift),
                      p.output("values", chosen),
                      p.id_output("ids", chosen),
                      c.n_tokens,
                      c.cols,
                      c.top_k};
  p.call = call_of(&KernelTable::top_k, args);
  p.truth = [args, chosen](const ReferenceOutputs&) {
    const TruthValue x = truth_of(args.x, args.n_rows, args.size);
    std::vector<Expected> both(2);
    for (std::size_t r = 0; r < args.n_rows; ++r) {
      for (const std::int32_t id : chosen_ids(x.row(r), args.size, args.k).ids) {
        both[0].value.push_back(x.row(r)[id]);
        both[1].value.push_back(id);
      }
    }
    both[0].bound.assign(chosen, 0.0);
    both[1].bound.assign(chosen, 0.0);
    return both;
  };
}

void make_router_topk(OpProblem& p) {
  const OpCase& c = p.c;
  const std::size_t chosen = c.n_tokens * c.top_k;
  RouterTopkArgs args{p.input("logits", c.n_tokens * c.cols, p.kind_of(0, 1), kLogitShift),
                      p.output("values", chosen),
                      p.id_output("ids", chosen),
                      c.n_tokens,
                      c.cols,
                      c.top_k,
                      c.variant >= 2 ? RouterOrder::topk_softmax : RouterOrder::softmax_topk,
                      c.variant % 2 == 1};
  if (c.variant >= 4) {
    args.order = RouterOrder::sigmoid_topk;
    args.eps = args.normalize ? kNormalizeEps : 0;
  }
  if (c.variant >= 6) {
    args.factor = 2.5F;
    args.selection_bias = p.input("selection_bias", c.cols, DataKind::normal, -2);
  }
  p.workspace_bytes = router_topk_workspace_bytes(c.cols);
  p.call = call_of(&KernelTable::router_topk, args);
  p.truth = [args](const ReferenceOutputs& reference) {
    const TruthValue logits = truth_of(args.logits, args.n_tokens, args.n_experts);
    std::vector<Expected> both(2);
    for (std::size_t t = 0; t < args.n_tokens; ++t) {
      const auto [values, ids] =
          route_token(args, logits.row(t), reference_ids(reference[1], t * args.top_k, args.top_k));
      append(both[0], values);
      for (const std::int32_t id : ids) both[1].value.push_back(id);
    }
    both[1].bound.assign(both[1].value.size(), 0.0);
    return both;
  };
}

}  // namespace fidelio
