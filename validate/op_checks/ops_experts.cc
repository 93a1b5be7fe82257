// gather_matmul, gate_up_swiglu, down_combine and combine: how their cases are made and what truth
// says of them. Variants: gather_matmul 1 has an x for every slot; gate_up_swiglu 1 has its second
// stack in another format, 2 biases, 3 biases and the clamped form; down_combine 1 has biases.
#include <algorithm>
#include <cmath>
#include <limits>

#include "validate/op_checks/op_problem.h"
#include "validate/op_checks/op_table.h"

namespace fidelio {
namespace {

/// A weighted sum over slots is an fma a slot.
double combined_bound(double truth, double magnitude, double from_products, std::size_t top_k) {
  const double k = static_cast<double>(top_k) + 1;
  const double sums = sum_bound(truth, magnitude + from_products, k, static_cast<double>(top_k));
  return sums == kUnjudged || !std::isfinite(truth) ? sums : sums + from_products;
}

/// Values and how far each may be off.
struct Projected {
  TruthValue value;
  std::vector<double> error;
};

Projected projected(const DotTruth& dots, std::size_t cols) {
  Projected y{dots.value, {}};
  for (std::size_t i = 0; i < y.value.x.size(); ++i) y.error.push_back(dots.bound(i, cols));
  return y;
}

/// The products and their experts' biases, one rounding more.
Projected biased(Projected y, const float* bias, std::size_t n_experts, const TruthValue& ids) {
  if (bias == nullptr) return y;
  const TruthValue products = y.value;
  y.value = truth_add_expert_bias(y.value, {bias, n_experts * y.value.width}, ids);
  for (std::size_t i = 0; i < y.error.size(); ++i) {
    const double magnitude = std::abs(products.x[i]) + std::abs(y.value.x[i] - products.x[i]);
    y.error[i] += sum_bound(y.value.x[i], magnitude, 1);
  }
  return y;
}

double clamped(double x, double min, double max) {
  return truth_clamp<double>({1, 1, {x}, {}}, min, max).x[0];
}

/// What a gate and an up projection, each off by its error, become.
struct Activated {
  double value;
  double bound;
};
Activated swiglu(const SwigluForm& form, double g, double g_error, double u, double u_error) {
  constexpr double kSteepest = 1.1;  // of silu, with any alpha
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto alpha = static_cast<double>(form.alpha);
  g = clamped(g, -kInfinity, static_cast<double>(form.gate_max));
  u = clamped(u, static_cast<double>(form.up_min), static_cast<double>(form.up_max));
  if (form.up_add != 0) {
    u += static_cast<double>(form.up_add);
    u_error += sum_bound(u, std::abs(u), 1);
  }
  const double silu = truth_silu<double>({1, 1, {g}, {}}, alpha).x[0];
  const double value = silu * u;
  // float32 has silu(-100) = -0, truth some -1e-42: times infinity they are different things.
  if (std::isinf(u) && std::abs(silu) < 0x1p-100) return {value, kUnjudged};
  if (!std::isfinite(value)) return {value, 0};
  if (g_error == kUnjudged || u_error == kUnjudged || may_overflow(std::abs(value)))
    return {value, kUnjudged};
  const double of_alpha = form.alpha == 1 ? 0 : std::min(std::abs(alpha * g), 128.0);
  const double silu_error =
      kSteepest * g_error + roundings(kExpRoundings + 2 + of_alpha) * std::abs(silu) + 0x1p-121;
  return {value, (std::abs(silu) + silu_error) * u_error + silu_error * std::abs(u) +
                     sum_bound(value, std::abs(value), 2)};
}

}  // namespace

void make_gather_matmul(OpProblem& p) {
  const OpCase& c = p.c;
  const bool x_per_slot = c.variant == 1;
  const std::size_t n_x = c.n_tokens * (x_per_slot ? c.top_k : 1);
  const GatherMatmulArgs args{p.expert_weights("w", p.kind_of(0, 2), c.format, c.param),
                              c.experts,
                              p.input("x", n_x * c.cols, p.kind_of(1, 2)),
                              x_per_slot,
                              p.expert_ids(),
                              p.output("y", c.n_tokens * c.top_k * c.rows),
                              c.n_tokens,
                              c.top_k};
  p.workspace_bytes = expert_order_workspace_bytes(c.n_tokens, c.top_k, c.experts);
  p.call = call_of(&KernelTable::gather_matmul, args);
  p.truth = [args, n_x](const ReferenceOutputs&) {
    const std::size_t cols = args.experts[0].cols;
    const DotTruth dots = expert_dots({args.experts, args.n_experts}, truth_of(args.x, n_x, cols),
                                      truth_ids(args.ids, args.n_tokens, args.top_k));
    Expected y{dots.value.x, {}};
    for (std::size_t i = 0; i < y.value.size(); ++i) y.bound.push_back(dots.bound(i, cols));
    return std::vector<Expected>{y};
  };
}

void make_gate_up_swiglu(OpProblem& p) {
  const OpCase& c = p.c;
  const WeightFormat other = c.format == WeightFormat::f32 ? WeightFormat::bf16 : WeightFormat::f32;
  const WeightFormat second = c.variant == 1 ? other : c.format;
  GateUpSwigluArgs args{p.expert_weights("gate_proj", p.kind_of(0, 3), c.format, c.param),
                        p.expert_weights("up_proj", p.kind_of(1, 3), second, c.second_param),
                        c.experts,
                        p.input("x", c.n_tokens * c.cols, p.kind_of(2, 3)),
                        p.expert_ids(),
                        p.output("y", c.n_tokens * c.top_k * c.rows),
                        c.n_tokens,
                        c.top_k};
  if (c.variant >= 2) {
    args.gate_bias = p.input("gate_bias", c.experts * c.rows, DataKind::normal);
    args.up_bias = p.input("up_bias", c.experts * c.rows, DataKind::normal);
  }
  if (c.variant == 3) args.form = {0.75F, 1.702F, -0.5F, 0.75F, 1};
  p.workspace_bytes = expert_order_workspace_bytes(c.n_tokens, c.top_k, c.experts);
  p.call = call_of(&KernelTable::gate_up_swiglu, args);
  p.truth = [args](const ReferenceOutputs&) {
    const std::size_t cols = args.gate_proj[0].cols;
    const TruthValue x = truth_of(args.x, args.n_tokens, cols);
    const TruthValue ids = truth_ids(args.ids, args.n_tokens, args.top_k);
    const auto side = [&](const WeightView* stack, const float* bias) {
      return biased(projected(expert_dots({stack, args.n_experts}, x, ids), cols), bias,
                    args.n_experts, ids);
    };
    const Projected gate = side(args.gate_proj, args.gate_bias);
    const Projected up = side(args.up_proj, args.up_bias);
    Expected y;
    for (std::size_t i = 0; i < gate.error.size(); ++i) {
      const Activated one =
          swiglu(args.form, gate.value.x[i], gate.error[i], up.value.x[i], up.error[i]);
      y.value.push_back(one.value);
      y.bound.push_back(one.bound);
    }
    return std::vector<Expected>{y};
  };
}

void make_down_combine(OpProblem& p) {
  const OpCase& c = p.c;
  const std::size_t pairs = c.n_tokens * c.top_k;
  // A product that float32 flushes to 0 and an infinite weight would be NaN, and infinite in truth.
  const DataKind weights_kind = c.data == DataKind::infinite ? DataKind::normal : p.kind_of(2, 3);
  DownCombineArgs args{p.expert_weights("w", p.kind_of(0, 3), c.format, c.param),
                       c.experts,
                       p.input("x", pairs * c.cols, p.kind_of(1, 3)),
                       p.expert_ids(),
                       p.input("weights", pairs, weights_kind),
                       p.output("y", c.n_tokens * c.rows),
                       c.n_tokens,
                       c.top_k};
  if (c.variant == 1) args.bias = p.input("bias", c.experts * c.rows, DataKind::normal);
  p.workspace_bytes = down_combine_workspace_bytes(c.n_tokens, c.top_k, c.experts);
  p.call = call_of(&KernelTable::down_combine, args);
  p.truth = [args, pairs](const ReferenceOutputs&) {
    const std::size_t cols = args.experts[0].cols;
    const TruthValue ids = truth_ids(args.ids, args.n_tokens, args.top_k);
    const Projected products = biased(
        projected(expert_dots({args.experts, args.n_experts}, truth_of(args.x, pairs, cols), ids),
                  cols),
        args.bias, args.n_experts, ids);
    const TruthValue weights = truth_of(args.weights, args.n_tokens, args.top_k);
    Expected y{truth_combine(products.value, weights).x, {}};
    TruthValue errors = products.value;
    errors.x = products.error;
    const TruthValue magnitudes = truth_combine(absolute(products.value), absolute(weights));
    const TruthValue from_products = truth_combine(errors, absolute(weights));
    for (std::size_t i = 0; i < y.value.size(); ++i) {
      y.bound.push_back(
          combined_bound(y.value[i], magnitudes.x[i], from_products.x[i], args.top_k));
    }
    return std::vector<Expected>{y};
  };
}

void make_combine(OpProblem& p) {
  const OpCase& c = p.c;
  const std::size_t pairs = c.n_tokens * c.top_k;
  const CombineArgs args{p.input("x", pairs * c.cols, p.kind_of(0, 2)),
                         p.input("weights", pairs, p.kind_of(1, 2)),
                         p.output("y", c.n_tokens * c.cols),
                         c.n_tokens,
                         c.top_k,
                         c.cols};
  p.call = call_of(&KernelTable::combine, args);
  p.truth = [args, pairs](const ReferenceOutputs&) {
    const TruthValue x = truth_of(args.x, pairs, args.size);
    const TruthValue weights = truth_of(args.weights, args.n_tokens, args.top_k);
    Expected y{truth_combine(x, weights).x, {}};
    const TruthValue magnitudes = truth_combine(absolute(x), absolute(weights));
    for (std::size_t i = 0; i < y.value.size(); ++i)
      y.bound.push_back(combined_bound(y.value[i], magnitudes.x[i], 0, args.top_k));
    return std::vector<Expected>{y};
  };
}

}  // namespace fidelio
