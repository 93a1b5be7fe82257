#include "validate/fidelity/site_row.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <set>

namespace fidelio {

std::vector<float> floats_of(const Words& words) {
  std::vector<float> floats;
  floats.reserve(words.size());
  for (const std::uint32_t word : words) floats.push_back(std::bit_cast<float>(word));
  return floats;
}

std::vector<std::int32_t> ids_of(const Words& words) {
  std::vector<std::int32_t> ids;
  for (const std::uint32_t word : words) ids.push_back(std::bit_cast<std::int32_t>(word));
  return ids;
}

std::vector<double> comparable(const std::vector<std::vector<double>>& floats,
                               std::span<const std::int32_t> expert_ids, std::size_t n_experts) {
  std::vector<double> out;
  if (expert_ids.empty()) {
    for (const std::vector<double>& part : floats) out.insert(out.end(), part.begin(), part.end());
    return out;
  }
  out.resize(n_experts);
  for (const std::vector<double>& weights : floats) {
    for (std::size_t i = 0; i < expert_ids.size() && i < weights.size(); ++i)
      out[static_cast<std::size_t>(expert_ids[i])] += weights[i];
  }
  return out;
}

Choice choice_of(std::span<const float> router_logits, std::span<const std::int32_t> expected,
                 std::span<const std::int32_t> actual) {
  const std::set<std::int32_t> theirs(expected.begin(), expected.end());
  const std::set<std::int32_t> mine(actual.begin(), actual.end());
  if (theirs == mine) return Choice::same;
  if (mine.size() != theirs.size()) return Choice::wrong;  // one expert twice
  float magnitude = 1;
  for (const float z : router_logits) magnitude = std::max(magnitude, std::abs(z));
  float high = -INFINITY;
  float low = INFINITY;
  for (const std::int32_t e : theirs)
    if (!mine.contains(e)) high = std::max(high, router_logits[static_cast<std::size_t>(e)]);
  for (const std::int32_t e : mine)
    if (!theirs.contains(e)) low = std::min(low, router_logits[static_cast<std::size_t>(e)]);
  return std::abs(high - low) <= 0x1p-22F * magnitude ? Choice::tie : Choice::wrong;
}

void ErrorNorm::add(const std::vector<double>& actual, const std::vector<double>& reference) {
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const double difference = actual[i] - reference[i];
    differences_ += difference * difference;
    references_ += reference[i] * reference[i];
  }
  ++rows_;
}

double ErrorNorm::typical_row() const {
  return rows_ == 0 ? 0 : std::sqrt(references_ / static_cast<double>(rows_));
}

double row_error(const std::vector<double>& actual, const std::vector<double>& reference,
                 double typical_row) {
  double difference = 0;
  double size = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    difference += (actual[i] - reference[i]) * (actual[i] - reference[i]);
    size += reference[i] * reference[i];
  }
  if (difference == 0) return 0;
  const double scale = std::max(std::sqrt(size), typical_row);
  return scale > 0 ? std::sqrt(difference) / scale : std::numeric_limits<double>::infinity();
}

double ErrorNorm::value() const {
  if (differences_ == 0) return 0;
  if (references_ == 0) return std::numeric_limits<double>::infinity();
  return std::sqrt(differences_ / references_);
}

}  // namespace fidelio
