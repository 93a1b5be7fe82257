// gather_matmul, gate_up_swiglu, down_combine and combine: how their cases are made and what truth
// says of them. Variants: gather_matmul 1 has an x for every slot, gate_up_swiglu 1 has its second
// stack in another format.
#include <cmath>

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

/// silu(g) * u where g and u are off by the bounds of their dot products.
double swiglu_bound(const DotTruth& gate, const DotTruth& up, std::size_t i, std::size_t cols) {
  constexpr double kSteepest = 1.1;  // of silu
  const double g = gate.value.x[i];
  const double u = up.value.x[i];
  const double silu = truth_silu<double>({1, 1, {g}, {}}).x[0];
  // float32 has silu(-100) = -0, truth some -1e-42: times infinity they are different things.
  if (std::isinf(u) && std::abs(silu) < 0x1p-100) return kUnjudged;
  if (!std::isfinite(silu * u)) return 0;
  const double g_error = gate.bound(i, cols);
  const double u_error = up.bound(i, cols);
  if (g_error == kUnjudged || u_error == kUnjudged || may_overflow(std::abs(silu * u)))
    return kUnjudged;
  const double silu_error =
      kSteepest * g_error + roundings(kExpRoundings + 2) * std::abs(silu) + 0x1p-121;
  return (std::abs(silu) + silu_error) * u_error + silu_error * std::abs(u) +
         sum_bound(silu * u, std::abs(silu * u), 2);
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
  const GateUpSwigluArgs args{p.expert_weights("gate_proj", p.kind_of(0, 3), c.format, c.param),
                              p.expert_weights("up_proj", p.kind_of(1, 3), second, c.second_param),
                              c.experts,
                              p.input("x", c.n_tokens * c.cols, p.kind_of(2, 3)),
                              p.expert_ids(),
                              p.output("y", c.n_tokens * c.top_k * c.rows),
                              c.n_tokens,
                              c.top_k};
  p.workspace_bytes = expert_order_workspace_bytes(c.n_tokens, c.top_k, c.experts);
  p.call = call_of(&KernelTable::gate_up_swiglu, args);
  p.truth = [args](const ReferenceOutputs&) {
    const std::size_t cols = args.gate_proj[0].cols;
    const TruthValue x = truth_of(args.x, args.n_tokens, cols);
    const TruthValue ids = truth_ids(args.ids, args.n_tokens, args.top_k);
    const DotTruth gate = expert_dots({args.gate_proj, args.n_experts}, x, ids);
    const DotTruth up = expert_dots({args.up_proj, args.n_experts}, x, ids);
    Expected y{truth_mul(truth_silu(gate.value), up.value).x, {}};
    for (std::size_t i = 0; i < y.value.size(); ++i)
      y.bound.push_back(swiglu_bound(gate, up, i, cols));
    return std::vector<Expected>{y};
  };
}

void make_down_combine(OpProblem& p) {
  const OpCase& c = p.c;
  const std::size_t pairs = c.n_tokens * c.top_k;
  // A product that float32 flushes to 0 and an infinite weight would be NaN, and infinite in truth.
  const DataKind weights_kind = c.data == DataKind::infinite ? DataKind::normal : p.kind_of(2, 3);
  const DownCombineArgs args{p.expert_weights("w", p.kind_of(0, 3), c.format, c.param),
                             c.experts,
                             p.input("x", pairs * c.cols, p.kind_of(1, 3)),
                             p.expert_ids(),
                             p.input("weights", pairs, weights_kind),
                             p.output("y", c.n_tokens * c.rows),
                             c.n_tokens,
                             c.top_k};
  p.workspace_bytes = down_combine_workspace_bytes(c.n_tokens, c.top_k, c.experts);
  p.call = call_of(&KernelTable::down_combine, args);
  p.truth = [args, pairs](const ReferenceOutputs&) {
    const std::size_t cols = args.experts[0].cols;
    DotTruth dots = expert_dots({args.experts, args.n_experts}, truth_of(args.x, pairs, cols),
                                truth_ids(args.ids, args.n_tokens, args.top_k));
    const TruthValue weights = truth_of(args.weights, args.n_tokens, args.top_k);
    Expected y{truth_combine(dots.value, weights).x, {}};
    TruthValue errors = dots.value;
    for (std::size_t i = 0; i < errors.x.size(); ++i) errors.x[i] = dots.bound(i, cols);
    const TruthValue magnitudes = truth_combine(absolute(dots.value), absolute(weights));
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
