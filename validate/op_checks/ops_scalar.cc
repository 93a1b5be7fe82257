// Ops on one operand, element by element or column by column: how their cases are made and what
// truth says of them. Variants: 1 writes over x; silu 2 and 3 have an alpha; the variants of
// columns are the parts.
#include <algorithm>
#include <cmath>

#include "validate/op_checks/op_problem.h"
#include "validate/op_checks/op_table.h"

namespace fidelio {
namespace {

constexpr float kAlpha = 1.702F;
constexpr int kShift = 7;  // normal data in (-128, 128): where exp saturates on both sides
constexpr double kSaturated = 128;

struct Unary {
  const float* x;
  float* y;
  std::size_t n;
};

Unary unary(OpProblem& p, int shift) {
  const std::size_t n = p.c.n_tokens * p.c.cols;
  if (p.c.variant % 2 == 1) {
    float* y = p.in_out("x", n, p.kind_of(0, 1), shift);
    return {y, y, n};
  }
  return {p.input("x", n, p.kind_of(0, 1), shift), p.output("y", n), n};
}

/// Bounds of x / (1 + e^-z) where z is off by `k` roundings: a relative error |z| k of e^-z, until
/// that no longer matters; exp's, that of 1 + exp and the division's. Below -88.7 float32 has -0
/// for some -89 / 2^128.
Expected gated(const TruthValue& y, const std::vector<double>& z, double k) {
  Expected result{y.x, {}};
  for (std::size_t i = 0; i < result.value.size(); ++i) {
    const double v = result.value[i];
    const double of_z = k == 0 ? 0 : k * std::min(std::abs(z[i]), kSaturated);
    const double bound = sum_bound(v, std::abs(v), kExpRoundings + 2 + of_z);
    result.bound.push_back(std::isfinite(v) ? bound + 0x1p-121 : 0);
  }
  return result;
}

std::vector<Expected> rounded_once(const TruthValue& y) {
  Expected result{y.x, {}};
  for (const double v : result.value) result.bound.push_back(sum_bound(v, std::abs(v), 1));
  return {result};
}

std::vector<Expected> exact(const TruthValue& y) {
  return {{y.x, std::vector<double>(y.x.size(), 0.0)}};
}

}  // namespace

void make_add_scalar(OpProblem& p) {
  const Unary u = unary(p, 1);
  const ScalarArgs args{u.x, u.y, u.n, 1.0F};
  p.call = call_of(&KernelTable::add_scalar, args);
  p.truth = [args](const ReferenceOutputs&) {
    return rounded_once(truth_add_scalar(truth_of(args.x, 1, args.n), 1.0));
  };
}

void make_mul_scalar(OpProblem& p) {
  const Unary u = unary(p, 1);
  const ScalarArgs args{u.x, u.y, u.n, 2.5F};
  p.call = call_of(&KernelTable::mul_scalar, args);
  p.truth = [args](const ReferenceOutputs&) {
    return rounded_once(truth_mul_scalar(truth_of(args.x, 1, args.n), 2.5));
  };
}

void make_clamp(OpProblem& p) {
  const Unary u = unary(p, 4);
  ClampArgs args{u.x, u.y, u.n};
  args.max = 7;
  if (p.c.variant >= 2) args.min = -3;
  p.call = call_of(&KernelTable::clamp, args);
  p.truth = [args](const ReferenceOutputs&) {
    return exact(truth_clamp(truth_of(args.x, 1, args.n), static_cast<double>(args.min),
                             static_cast<double>(args.max)));
  };
}

void make_sigmoid(OpProblem& p) {
  const Unary u = unary(p, kShift);
  const ActivationArgs args{u.x, u.y, u.n};
  p.call = call_of(&KernelTable::sigmoid, args);
  p.truth = [args](const ReferenceOutputs&) {
    return std::vector<Expected>{gated(truth_sigmoid(truth_of(args.x, 1, args.n)), {}, 0)};
  };
}

void make_silu(OpProblem& p) {
  const Unary u = unary(p, kShift);
  const ActivationArgs args{u.x, u.y, u.n, p.c.variant >= 2 ? kAlpha : 1};
  p.call = call_of(&KernelTable::silu, args);
  p.truth = [args](const ReferenceOutputs&) {
    const TruthValue x = truth_of(args.x, 1, args.n);
    const auto alpha = static_cast<double>(args.alpha);
    const TruthValue z = truth_mul_scalar(x, alpha);
    return std::vector<Expected>{gated(truth_silu(x, alpha), z.x, args.alpha == 1 ? 0 : 1)};
  };
}

void make_gelu(OpProblem& p) {
  const Unary u = unary(p, 4);
  const ActivationArgs args{u.x, u.y, u.n};
  p.call = call_of(&KernelTable::gelu, args);
  p.truth = [args](const ReferenceOutputs&) {
    constexpr double kRoundings = 6;  // two constants, three products, an fma
    const TruthValue x = truth_of(args.x, 1, args.n);
    std::vector<double> z;
    for (const double v : x.x) z.push_back(1.6 * (v + 0.044715 * v * v * v));
    return std::vector<Expected>{gated(truth_gelu(x), z, kRoundings)};
  };
}

void make_columns(OpProblem& p) {
  const OpCase& c = p.c;
  constexpr std::size_t kParts = 3;
  const ColumnsArgs args{p.input("x", c.n_tokens * c.cols * kParts, p.kind_of(0, 1)),
                         p.output("y", c.n_tokens * c.cols),
                         c.n_tokens,
                         c.cols,
                         static_cast<std::size_t>(c.variant),
                         kParts};
  p.call = call_of(&KernelTable::columns, args);
  p.truth = [args](const ReferenceOutputs&) {
    const TruthValue x = truth_of(args.x, args.n_rows, args.parts * args.size);
    return exact(truth_columns(x, args.part, args.parts));
  };
}

void make_take(OpProblem& p) {
  const OpCase& c = p.c;
  std::vector<std::int32_t> ids(c.n_tokens * c.top_k);
  for (std::int32_t& id : ids) id = static_cast<std::int32_t>(p.random().next() % c.cols);
  const TakeArgs args{p.input("x", c.n_tokens * c.cols, p.kind_of(0, 1)),
                      p.integers("ids", ids),
                      p.output("y", ids.size()),
                      c.n_tokens,
                      c.cols,
                      c.top_k};
  p.call = call_of(&KernelTable::take, args);
  p.truth = [args](const ReferenceOutputs&) {
    return exact(truth_take(truth_of(args.x, args.n_rows, args.size),
                            truth_ids(args.ids, args.n_rows, args.top_k)));
  };
}

void make_add_expert_bias(OpProblem& p) {
  const OpCase& c = p.c;
  const std::size_t slots = c.n_tokens * c.top_k;
  const std::size_t experts = c.top_k + 3;
  std::vector<std::int32_t> ids(slots);
  for (std::int32_t& id : ids) id = static_cast<std::int32_t>(p.random().next() % experts);
  float* y = nullptr;
  const float* x = nullptr;
  if (c.variant == 1) x = y = p.in_out("x", slots * c.cols, p.kind_of(0, 2));
  if (x == nullptr) x = p.input("x", slots * c.cols, p.kind_of(0, 2));
  if (y == nullptr) y = p.output("y", slots * c.cols);
  const AddExpertBiasArgs args{
      x,     p.input("bias", experts * c.cols, p.kind_of(1, 2)), p.integers("ids", ids), y, slots,
      c.cols};
  p.call = call_of(&KernelTable::add_expert_bias, args);
  p.truth = [args, experts](const ReferenceOutputs&) {
    return rounded_once(truth_add_expert_bias(truth_of(args.x, args.n_slots, args.size),
                                              {args.bias, experts * args.size},
                                              truth_ids(args.ids, args.n_slots, 1)));
  };
}

}  // namespace fidelio
