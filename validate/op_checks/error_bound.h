// How far a float32 result may lie from truth: k * 2^-24 * magnitude, where k counts the roundings
// that one term can pass through and the magnitude is the same formula on absolute values. Nothing
// here is tuned: each k follows from an op's length and the contract's order
// (docs/checking-ops.md). Ops combine these in their make_ functions.
#pragma once

#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "core/truth/truth_ops.h"

namespace fidelio {

/// A rounding to nearest is off by at most kUnit * max(|value|, kSmall): relative where the result
/// is normal, half of the least subnormal below.
inline constexpr double kUnit = 0x1p-24;
inline constexpr double kSmall = 0x1p-126;
/// The bound of an element that float32 may overflow on the way to: only its bits are judged.
inline constexpr double kUnjudged = std::numeric_limits<double>::infinity();
/// contract::exp is off by 1.2e-7 of its value at most, tests/kernels/contract_test.cc.
inline constexpr double kExpRoundings = 2.02;

/// What truth says of one output, element by element. NaN and infinities must be met exactly.
struct Expected {
  std::vector<double> value;
  std::vector<double> bound;
};

/// k u / (1 - k u): what k roundings can add up to, relative.
double roundings(double k);

/// True where a partial result of this magnitude may overflow float32.
bool may_overflow(double magnitude);

/// The bound of a sum of `terms` terms, each behind `k` roundings, whose absolute values add up to
/// `magnitude`: 0 where truth is not finite (it must be met), kUnjudged where float32 may overflow.
double sum_bound(double truth, double magnitude, double k, double terms = 1);

/// Roundings of a term of contract::dot_row: its weight's, its lane's, four of the tree.
double dot_roundings(std::size_t cols);

/// Every weight's absolute value, at least kSmall (so that its own rounding is covered), as
/// float32.
class AbsoluteWeight {
 public:
  explicit AbsoluteWeight(const WeightView& w);
  const WeightView& view() const { return view_; }

 private:
  std::vector<float> values_;
  WeightView view_;
};

TruthValue absolute(TruthValue x);
/// Runs a body here: truth of one case needs no threads of its own.
void serially(std::size_t n, const std::function<void(std::size_t, std::size_t)>& body);

/// x W^T, dense or of the selected experts, and the magnitude of each sum.
struct DotTruth {
  TruthValue value;
  TruthValue magnitude;

  double bound(std::size_t i, std::size_t cols) const {
    return sum_bound(value.x[i], magnitude.x[i], dot_roundings(cols), static_cast<double>(cols));
  }
};
DotTruth dense_dots(const WeightView& w, const TruthValue& x);
/// `ids` [tokens, k]; x [tokens, in] or [tokens * k, in].
DotTruth expert_dots(std::span<const WeightView> experts, const TruthValue& x,
                     const TruthValue& ids);

/// Softmax of n logits and the bound of each share; in_error[i] is how far logit i itself may be
/// off (empty: exact). Not judged where that leaves the sum uncertain by half.
Expected softmax_expected(const double* x, std::size_t n, const std::vector<double>& in_error = {});

}  // namespace fidelio
