// llama.cpp's metrics of two models' logits (llama-perplexity --kl-divergence), in double from
// float32 logits. Bitwise comparison is validate/compare_logits.h; what a metric may cost is the
// policy's business.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "capsules/record.h"

namespace fidelio {

/// Row by row, with P the baseline's softmax, Q the patched arm's and t the correct token:
///   KLD = sum_i P_i (ln P_i - ln Q_i), an entry of P that is exactly 0 adding nothing
///   Δp  = Q_t - P_t
/// and over the rows: mean, maximum and 99.9% quantile of KLD (linear between the sorted values
/// around 0.999 (n - 1)), mean and root mean square of Δp, PPL ratio = exp(mean(ln P_t - ln Q_t)),
/// same top p = share of rows whose largest logit, the first of equals, has the same id.
/// Two approximations of llama.cpp's are not made: its baseline is rounded to 16 bits and cut off
/// below exp(-16).
class LogitMetrics {
 public:
  /// `baseline` and `patched` [vocab_size], `correct_token` an index into both.
  /// Logits that are not finite are not excused: NaN or +infinity make every figure but same top p
  /// NaN and the row no agreement; -infinity where P is not 0 leaves no finite KLD.
  void add(std::span<const float> baseline, std::span<const float> patched,
           std::int32_t correct_token);

  /// Over the rows added so far; every figure is NaN when there were none.
  MetricsRecord result() const;

 private:
  std::vector<double> klds_;  ///< of each row, for the quantile
  double sum_delta_p_ = 0;
  double sum_delta_p_squared_ = 0;
  double sum_ln_ppl_ratio_ = 0;
  std::int64_t same_top_ = 0;
};

}  // namespace fidelio
