// One row of one site: what was read and what came out, in a form in which two evaluations can be
// compared number by number.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "capsules/record.h"
#include "core/graph.h"

namespace fidelio {

/// A value's row of 4-byte elements: floats, or expert ids.
using Words = std::vector<std::uint32_t>;

std::vector<float> floats_of(const Words& words);
std::vector<std::int32_t> ids_of(const Words& words);

/// A row of a site that was kept to be evaluated again.
struct SiteSample {
  SitePointRecord point;
  std::vector<Words> inputs;    ///< of the site's fragment, the baseline's
  std::vector<Words> baseline;  ///< by output
  std::vector<Words> patched;
};

/// The numbers that error norms are taken of: all float outputs side by side; routing weights as a
/// dense vector over experts, so that the order of the chosen ones does not matter.
std::vector<double> comparable(const std::vector<std::vector<double>>& floats,
                               std::span<const std::int32_t> expert_ids, std::size_t n_experts);

/// How a row's choice of experts compares with the baseline's. Two router logits are a tie for a
/// kernel that reads the same ones when its softmax may round them together: when they are no more
/// than some units in the last place of the largest apart.
enum class Choice { same, tie, wrong };
Choice choice_of(std::span<const float> router_logits, std::span<const std::int32_t> expected,
                 std::span<const std::int32_t> actual);

/// sqrt(sum |a - reference|^2 / sum |reference|^2) over many rows.
class ErrorNorm {
 public:
  void add(const std::vector<double>& actual, const std::vector<double>& reference);
  double value() const;
  /// sqrt of the mean |reference|^2 of a row.
  double typical_row() const;

 private:
  double differences_ = 0;
  double references_ = 0;
  std::size_t rows_ = 0;
};

/// |actual - reference| of one row, of its own size or of the typical row's where that is larger: a
/// row that nearly cancels has no larger error than others, only a smaller size.
double row_error(const std::vector<double>& actual, const std::vector<double>& reference,
                 double typical_row);

}  // namespace fidelio
