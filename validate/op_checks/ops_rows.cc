// Element-wise ops, norms and rope: how their cases are made and what truth says of them. Variants:
// the result is written over the first operand (1) or the second (2), where the contract lets it;
// of rope, 1 pairs neighbours and 2 writes over x, 3 both.
#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "validate/op_checks/op_problem.h"
#include "validate/op_checks/op_table.h"

namespace fidelio {
namespace {

constexpr float kRmsEps = 1e-5F;

/// An operand that the result is written over, or is not.
const float* operand(OpProblem& p, const char* name, std::size_t n, DataKind kind, bool in_place,
                     float** result, int shift = 0) {
  if (!in_place) return p.input(name, n, kind, shift);
  return *result = p.in_out(name, n, kind, shift);
}

std::vector<Expected> rounded_once(const TruthValue& truth, const std::vector<double>& magnitude) {
  Expected y{truth.x, {}};
  for (std::size_t i = 0; i < y.value.size(); ++i)
    y.bound.push_back(sum_bound(y.value[i], magnitude[i], 1));
  return {y};
}

ElementwiseArgs elementwise_args(OpProblem& p) {
  const std::size_t n = p.c.n_tokens * p.c.cols;
  float* y = nullptr;
  const float* a = operand(p, "a", n, p.kind_of(0, 2), p.c.variant == 1, &y);
  const float* b = operand(p, "b", n, p.kind_of(1, 2), p.c.variant == 2, &y);
  if (y == nullptr) y = p.output("y", n);
  return {a, b, y, n};
}

/// Of rms_norm of x whose elements are off by `extra` roundings.
Expected norm_expected(const TruthValue& x, std::size_t n, const float* weight, double extra) {
  const double eps = static_cast<double>(kRmsEps);
  Expected y{truth_rms_norm(x, {weight, n}, eps).x, {}};
  // Half of the sum's, the division's by n and the addition's of eps; the square root, its inverse,
  // two products, and one for what squares lose below the normal numbers.
  const std::size_t steps_of_a_lane = (n + 15) / 16;
  const double k = (static_cast<double>(steps_of_a_lane) + 4 + 2) / 2 + 5 + 2 * extra;
  for (std::size_t begin = 0; begin < y.value.size(); begin += n) {
    double squares = 0;
    for (std::size_t i = begin; i < begin + n; ++i) squares += x.x[i] * x.x[i];
    for (std::size_t i = begin; i < begin + n; ++i) {
      const double w = std::abs(static_cast<double>(weight[i - begin]));
      const double bound = sum_bound(y.value[i], std::abs(y.value[i]), k, 1 + w);
      y.bound.push_back(std::isfinite(y.value[i]) && may_overflow(squares) ? kUnjudged : bound);
    }
  }
  return y;
}

/// Two products and their sum, of each element of a rotated head.
std::vector<double> rope_magnitudes(const TruthValue& x, const RopeTable& table, std::size_t heads,
                                    bool interleaved, std::span<const std::size_t> positions) {
  RopeTable sizes = table;  // |x| cos + |x| sin: a rotation whose sines are those of -angle
  for (float& v : sizes.cos) v = std::abs(v);
  for (float& v : sizes.sin) v = -std::abs(v);
  std::vector<double> low = truth_rope<double>(absolute(x), sizes, heads, interleaved, positions).x;
  for (float& v : sizes.sin) v = -v;
  const std::vector<double> high =
      truth_rope<double>(absolute(x), sizes, heads, interleaved, positions).x;
  for (std::size_t i = 0; i < low.size(); ++i) low[i] = std::max(low[i], high[i]);
  return low;
}

}  // namespace

void make_add(OpProblem& p) {
  const ElementwiseArgs args = elementwise_args(p);
  p.call = call_of(&KernelTable::add, args);
  p.truth = [args](const ReferenceOutputs&) {
    const TruthValue y = truth_add(truth_of(args.a, 1, args.n), truth_of(args.b, 1, args.n));
    return rounded_once(y, absolute(y).x);
  };
}

void make_mul(OpProblem& p) {
  const ElementwiseArgs args = elementwise_args(p);
  p.call = call_of(&KernelTable::mul, args);
  p.truth = [args](const ReferenceOutputs&) {
    const TruthValue y = truth_mul(truth_of(args.a, 1, args.n), truth_of(args.b, 1, args.n));
    return rounded_once(y, absolute(y).x);
  };
}

void make_add_bias(OpProblem& p) {
  const OpCase& c = p.c;
  float* y = nullptr;
  const std::size_t n = c.n_tokens * c.cols;
  const float* x = operand(p, "x", n, p.kind_of(0, 2), c.variant == 1, &y);
  const float* bias = p.input("bias", c.cols, p.kind_of(1, 2));
  if (y == nullptr) y = p.output("y", n);
  const AddBiasArgs args{x, bias, y, c.n_tokens, c.cols};
  p.call = call_of(&KernelTable::add_bias, args);
  p.truth = [args](const ReferenceOutputs&) {
    const TruthValue sums =
        truth_add_bias(truth_of(args.x, args.n_rows, args.size), {args.bias, args.size});
    return rounded_once(sums, absolute(sums).x);
  };
}

void make_rms_norm(OpProblem& p) {
  const OpCase& c = p.c;
  float* y = nullptr;
  const std::size_t n = c.n_tokens * c.cols;
  const float* x = operand(p, "x", n, p.kind_of(0, 2), c.variant == 1, &y);
  const float* weight = p.input("weight", c.cols, p.kind_of(1, 2));
  if (y == nullptr) y = p.output("y", n);
  const RmsNormArgs args{x, weight, y, c.n_tokens, c.cols, kRmsEps};
  p.call = call_of(&KernelTable::rms_norm, args);
  p.truth = [args](const ReferenceOutputs&) {
    const TruthValue rows = truth_of(args.x, args.n_rows, args.size);
    return std::vector<Expected>{norm_expected(rows, args.size, args.weight, 0)};
  };
}

void make_add_rms_norm(OpProblem& p) {
  const OpCase& c = p.c;
  const std::size_t n = c.n_tokens * c.cols;
  float* sum = nullptr;
  const float* a = operand(p, "a", n, p.kind_of(0, 3), c.variant == 1, &sum);
  const float* b = operand(p, "b", n, p.kind_of(1, 3), c.variant == 2, &sum);
  const float* weight = p.input("weight", c.cols, p.kind_of(2, 3));
  if (sum == nullptr) sum = p.output("sum", n);
  const AddRmsNormArgs args{a, b, weight, sum, p.output("y", n), c.n_tokens, c.cols, kRmsEps};
  p.call = call_of(&KernelTable::add_rms_norm, args);
  p.truth = [args](const ReferenceOutputs&) {
    const TruthValue sums = truth_add(truth_of(args.a, args.n_rows, args.size),
                                      truth_of(args.b, args.n_rows, args.size));
    std::vector<Expected> both = rounded_once(sums, absolute(sums).x);
    both.push_back(norm_expected(sums, args.size, args.weight, 1));
    return both;
  };
}

void make_rope(OpProblem& p) {
  const OpCase& c = p.c;
  const std::size_t half = c.cols / 2;
  std::vector<float> inv_freq(half);
  for (std::size_t i = 0; i < half; ++i) inv_freq[i] = 1.0F / static_cast<float>(1 + 7 * i * i);
  const auto table = std::make_shared<const RopeTable>(
      make_rope_table(inv_freq.data(), half, c.context + c.n_tokens));
  const std::size_t n = c.n_tokens * c.heads * c.cols;
  float* y = nullptr;
  const float* x = operand(p, "x", n, p.kind_of(0, 1), c.variant >= 2, &y);
  if (y == nullptr) y = p.output("y", n);
  const RopeArgs args{x,          y,       table.get(),       p.positions(c.context),
                      c.n_tokens, c.heads, c.variant % 2 == 1};
  p.call = call_of(&KernelTable::rope, args);
  p.truth = [args, table, first = c.context](const ReferenceOutputs&) {
    const TruthValue rows = truth_of(args.x, args.n_tokens, args.heads * 2 * table->half);
    std::vector<std::size_t> positions(args.n_tokens);
    std::iota(positions.begin(), positions.end(), first);
    Expected result{truth_rope<double>(rows, *table, args.heads, args.interleaved, positions).x,
                    {}};
    const std::vector<double> magnitude =
        rope_magnitudes(rows, *table, args.heads, args.interleaved, positions);
    for (std::size_t i = 0; i < result.value.size(); ++i)
      result.bound.push_back(sum_bound(result.value[i], magnitude[i], 2, 2));
    return std::vector<Expected>{result};
  };
}

}  // namespace fidelio
