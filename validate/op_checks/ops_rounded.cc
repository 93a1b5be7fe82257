// gather_matmul_int8 and gather_matmul_int16: how their cases are made and what truth says of them:
// the exact product of the rounded activations. Variant 1 has an x for every slot.
#include <cmath>

#include "core/truth/declared_rounding.h"
#include "kernels/contract.h"
#include "kernels/table.h"
#include "validate/op_checks/op_problem.h"
#include "validate/op_checks/op_table.h"

namespace fidelio {
namespace {

/// |scale| q + |bias| of every affine weight, |w| of others: the kernel sums codes and biases
/// apart, so what cancels within a weight does not cancel in its roundings.
class PartsOfWeight {
 public:
  explicit PartsOfWeight(const WeightView& w) : values_(w.rows * w.cols) {
    for (std::size_t r = 0; r < w.rows; ++r)
      for (std::size_t i = 0; i < w.cols; ++i)
        values_[r * w.cols + i] = static_cast<float>(std::max(kSmall, parts(w, r, i)));
    view_.rows = w.rows;
    view_.cols = w.cols;
    set_adjacent_rows(view_);
    view_.data = reinterpret_cast<const std::byte*>(values_.data());
  }
  const WeightView& view() const { return view_; }

 private:
  static double parts(const WeightView& w, std::size_t row, std::size_t col) {
    if (affine_bits(w.format) == 0) return std::abs(exact_weight(w, row, col));
    const contract::Scaling scaling = contract::scaling_of(w, row, col);
    const auto code = static_cast<double>(contract::code_value(w, row, col));
    return std::abs(static_cast<double>(scaling.scale) * code) +
           std::abs(static_cast<double>(scaling.bias));
  }

  std::vector<float> values_;
  WeightView view_;
};

/// Roundings of a term: of the sum of codes, times the scale; bias times the sum of x; their sum,
/// times the block's scale; the lane's; four of the tree; the magnitude's own. x^ = q d is rounded
/// once more in truth than in the kernel.
double rounded_dot_roundings(const WeightView& w) {
  if (affine_bits(w.format) == 0) return dot_roundings(w.cols) + 1;
  const std::size_t blocks = (w.cols + kRoundingBlock - 1) / kRoundingBlock;
  const std::size_t steps_of_a_lane = (blocks + 15) / 16;
  return 4 + static_cast<double>(steps_of_a_lane) + 4 + 2;
}

Expected rounded_products(const GatherMatmulArgs& args, std::size_t n_x, Rounding rounding) {
  const std::span<const WeightView> experts(args.experts, args.n_experts);
  const std::size_t cols = experts[0].cols;
  const TruthValue x = declared_rounding(rounding, truth_of(args.x, n_x, cols));
  const TruthValue ids = truth_ids(args.ids, args.n_tokens, args.top_k);
  std::vector<PartsOfWeight> parts;
  parts.reserve(experts.size());
  std::vector<WeightView> views;
  for (const WeightView& w : experts) views.push_back(parts.emplace_back(w).view());
  const TruthValue magnitude = truth_gather_matmul<double>(views, absolute(x), ids, serially);
  // A block's sum of codes may overflow before the block's scale makes it small again.
  TruthValue largest_codes = x;
  for (double& code : largest_codes.x) code = 32767;
  const TruthValue sums = truth_gather_matmul<double>(views, largest_codes, ids, serially);
  Expected y{truth_gather_matmul<double>(experts, x, ids, serially).x, {}};
  for (std::size_t i = 0; i < y.value.size(); ++i) {
    const bool from_x = std::isnan(magnitude.x[i]) && !std::isnan(sums.x[i]);
    const double bound = sum_bound(y.value[i], magnitude.x[i], rounded_dot_roundings(experts[0]),
                                   static_cast<double>(cols));
    y.bound.push_back(may_overflow(sums.x[i]) && !from_x ? kUnjudged : bound);
  }
  return y;
}

void make_rounded(OpProblem& p, GatherMatmulFn KernelTable::*kernel, Rounding rounding) {
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
  p.workspace_bytes = gather_matmul_rounded_workspace_bytes(args.experts[0], c.n_tokens, c.top_k,
                                                            c.experts, x_per_slot);
  p.call = call_of(kernel, args);
  p.truth = [args, n_x, rounding](const ReferenceOutputs&) {
    return std::vector<Expected>{rounded_products(args, n_x, rounding)};
  };
}

}  // namespace

void make_gather_matmul_int8(OpProblem& p) {
  make_rounded(p, &KernelTable::gather_matmul_int8, Rounding::int8_per_32);
}

void make_gather_matmul_int16(OpProblem& p) {
  make_rounded(p, &KernelTable::gather_matmul_int16, Rounding::int16_per_32);
}

}  // namespace fidelio
