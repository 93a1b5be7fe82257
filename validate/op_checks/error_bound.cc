#include "validate/op_checks/error_bound.h"

#include <algorithm>
#include <cmath>

namespace fidelio {

double roundings(double k) { return k * kUnit / (1 - k * kUnit); }

bool may_overflow(double magnitude) {
  constexpr double kLimit = 0x1p126;  // a quarter of the largest float, for the roundings
  return !(magnitude <= kLimit);
}

double sum_bound(double truth, double magnitude, double k, double terms) {
  if (!std::isfinite(truth)) return 0;
  if (may_overflow(magnitude)) return kUnjudged;
  return roundings(k) * (magnitude + terms * kSmall);
}

double dot_roundings(std::size_t cols) {
  const double own_arithmetic = 1;  // the magnitude itself is rounded
  const std::size_t steps_of_a_lane = (cols + 15) / 16;
  return static_cast<double>(steps_of_a_lane) + 4 + 1 + own_arithmetic;
}

AbsoluteWeight::AbsoluteWeight(const WeightView& w) : values_(w.rows * w.cols) {
  for (std::size_t r = 0; r < w.rows; ++r) {
    for (std::size_t i = 0; i < w.cols; ++i) {
      const double value = std::abs(exact_weight(w, r, i));
      values_[r * w.cols + i] = static_cast<float>(value < kSmall ? kSmall : value);
    }
  }
  view_.rows = w.rows;
  view_.cols = w.cols;
  set_adjacent_rows(view_);
  view_.data = reinterpret_cast<const std::byte*>(values_.data());
}

TruthValue absolute(TruthValue x) {
  for (double& v : x.x) v = std::abs(v);
  return x;
}

void serially(std::size_t n, const std::function<void(std::size_t, std::size_t)>& body) {
  body(0, n);
}

DotTruth dense_dots(const WeightView& w, const TruthValue& x) {
  const AbsoluteWeight magnitudes(w);
  return {truth_linear(w, x, serially), truth_linear(magnitudes.view(), absolute(x), serially)};
}

DotTruth expert_dots(std::span<const WeightView> experts, const TruthValue& x,
                     const TruthValue& ids) {
  std::vector<AbsoluteWeight> magnitudes;
  magnitudes.reserve(experts.size());
  std::vector<WeightView> views;
  for (const WeightView& w : experts) views.push_back(magnitudes.emplace_back(w).view());
  return {truth_gather_matmul(experts, x, ids, serially),
          truth_gather_matmul(views, absolute(x), ids, serially)};
}

Expected softmax_expected(const double* x, std::size_t n, const std::vector<double>& in_error) {
  const TruthValue truth = truth_softmax<double>({1, n, std::vector<double>(x, x + n), {}});
  Expected expected{truth.x, std::vector<double>(n, 0.0)};
  if (!std::all_of(truth.x.begin(), truth.x.end(), [](double v) { return std::isfinite(v); }))
    return expected;
  const double max = *std::max_element(x, x + n);
  const double worst_in =
      in_error.empty() ? 0 : *std::max_element(in_error.begin(), in_error.end());
  // exp(s - max) is off by the error of s, the rounding of the difference and exp's own.
  std::vector<double> relative(n);
  const std::size_t steps_of_a_lane = (n + 15) / 16;
  double of_sum =
      roundings(static_cast<double>(steps_of_a_lane) + 4) + static_cast<double>(n) * kSmall;
  for (std::size_t i = 0; i < n; ++i) {
    const double own = in_error.empty() ? 0 : in_error[i];
    const double distance = std::min(max - x[i], 0x1p20) + own + worst_in;
    relative[i] = std::expm1(own + roundings(1) * distance + roundings(kExpRoundings));
    of_sum += truth.x[i] == 0 ? 0 : truth.x[i] * relative[i];
  }
  for (std::size_t i = 0; i < n; ++i) {
    const double numerator = truth.x[i] * (relative[i] + of_sum + roundings(2)) + 2 * kSmall;
    expected.bound[i] = of_sum < 0.5 ? numerator / (1 - of_sum) : kUnjudged;
    if (truth.x[i] == 0 && of_sum < 0.5) expected.bound[i] = 2 * kSmall;
  }
  return expected;
}

}  // namespace fidelio
