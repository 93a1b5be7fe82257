#include "validate/logit_metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/check.h"

namespace fidelio {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// A row's softmax, its exponentials taken relative to the largest logit.
struct Softmax {
  explicit Softmax(std::span<const float> logits) {
    for (std::size_t i = 1; i < logits.size(); ++i)
      if (logits[i] > logits[top]) top = i;
    max = logits[top];
    for (const float z : logits) sum += std::exp(z - max);
  }
  /// False when the row holds NaN or +infinity, or nothing but -infinity.
  bool is_distribution() const { return std::isfinite(sum); }
  double ln_p(float z) const { return z - max - std::log(sum); }
  double p(float z) const { return std::exp(z - max) / sum; }

  std::size_t top = 0;
  double max = 0;
  double sum = 0;
};

double kl_divergence(std::span<const float> baseline, const Softmax& p,
                     std::span<const float> patched, const Softmax& q) {
  double sum = 0;
  for (std::size_t i = 0; i < baseline.size(); ++i) {
    if (baseline[i] == -std::numeric_limits<float>::infinity()) continue;
    const double z = baseline[i] - p.max;
    sum += std::exp(z) * (z - (patched[i] - q.max));
  }
  const double kld = sum / p.sum + std::log(q.sum / p.sum);
  return kld < 0 ? 0 : kld;  // Gibbs' inequality: below 0 lies only rounding. NaN stays.
}

double maximum(std::span<const double> values) {
  double largest = -std::numeric_limits<double>::infinity();
  for (const double value : values) {
    if (std::isnan(value)) return kNaN;
    largest = std::max(largest, value);
  }
  return largest;
}

double quantile(std::vector<double> values, double share) {
  if (std::isnan(maximum(values))) return kNaN;
  std::sort(values.begin(), values.end());
  const double rank = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(rank);
  const double rest = rank - static_cast<double>(below);
  if (rest == 0) return values[below];  // nothing of a neighbour, which may be infinite
  return (1 - rest) * values[below] + rest * values[below + 1];
}

/// Rows of which every figure is that of perfect agreement. Most rows are, and then the
/// exponentials, the costly part, are spared.
bool are_equal_and_finite(std::span<const float> a, std::span<const float> b) {
  return std::equal(a.begin(), a.end(), b.begin(),
                    [](float x, float y) { return x == y && std::isfinite(x); });
}

}  // namespace

void LogitMetrics::add(std::span<const float> baseline, std::span<const float> patched,
                       std::int32_t correct_token) {
  FIDELIO_CHECK(!baseline.empty() && baseline.size() == patched.size());
  FIDELIO_CHECK(correct_token >= 0 && static_cast<std::size_t>(correct_token) < baseline.size());
  if (are_equal_and_finite(baseline, patched)) {
    klds_.push_back(0);
    ++same_top_;
    return;
  }
  const Softmax p(baseline);
  const Softmax q(patched);
  const float z_baseline = baseline[static_cast<std::size_t>(correct_token)];
  const float z_patched = patched[static_cast<std::size_t>(correct_token)];
  const double delta_p = q.p(z_patched) - p.p(z_baseline);

  klds_.push_back(kl_divergence(baseline, p, patched, q));
  sum_delta_p_ += delta_p;
  sum_delta_p_squared_ += delta_p * delta_p;
  sum_ln_ppl_ratio_ += p.ln_p(z_baseline) - q.ln_p(z_patched);
  if (p.is_distribution() && q.is_distribution() && p.top == q.top) ++same_top_;
}

MetricsRecord LogitMetrics::result() const {
  if (klds_.empty()) return {kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN};
  const auto n = static_cast<double>(klds_.size());
  MetricsRecord out;
  out.mean_kld = std::accumulate(klds_.begin(), klds_.end(), 0.0) / n;
  out.kld_99_9 = quantile(klds_, 0.999);
  out.maximum_kld = maximum(klds_);
  out.mean_delta_p = sum_delta_p_ / n;
  out.rms_delta_p = std::sqrt(sum_delta_p_squared_ / n);
  out.same_top_p = static_cast<double>(same_top_) / n;
  out.ppl_ratio = std::exp(sum_ln_ppl_ratio_ / n);
  return out;
}

}  // namespace fidelio
