#include "capsules/passing_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "capsules/arm_rules.h"
#include "capsules/budget_rules.h"
#include "capsules/completeness.h"
#include "capsules/site_rules.h"
#include "capsules/tie_sentence.h"

namespace fidelio {
namespace {

/// "", or how far the comparisons in wider steps reach where that is less than all tokens.
std::string reach_of_wider_steps(const FidelityIndex& index) {
  std::optional<std::int64_t> reach;
  for (const ComparisonRecord& c : index.record().comparisons) {
    const GenerationRecord* g = index.generation(c.prompt);
    const std::size_t generated = g == nullptr ? 0 : g->baseline.ids.size();
    if (c.width == 1 || c.positions >= static_cast<std::int64_t>(generated)) continue;
    reach = std::min(reach.value_or(c.positions), c.positions);
  }
  return reach ? fmt::format(" (wider ones: {} positions a prompt)", *reach) : "";
}

}  // namespace

Finding find_exact(const FidelityIndex& index) {
  const Record& record = index.record();
  for (const Finding& found : {find_differing_bit(record), find_changed_id(record)})
    if (found.holds) return {false, found.sentence};
  return {true, fmt::format("{}, all ids and logits bitwise equal, steps of {} tokens{}",
                            tokens_compared_text(record), fmt::join(record.options.widths, ", "),
                            reach_of_wider_steps(index))};
}

Finding find_token_exact(const FidelityIndex& index) {
  if (index.numerics() != NumericsClass::reassociated)
    return {false, "the applied patches are of another class than reassociated"};
  const Record& record = index.record();
  if (Finding changed = find_changed_id(record); changed.holds) return {false, changed.sentence};
  return {true, fmt::format("{}, all ids equal; logits differ by rounding only: {}{}",
                            tokens_compared_text(record), nearer_sites_text(record),
                            route_ties_text(record))};
}

Finding find_tie_flip(const FidelityIndex& index) {
  if (index.numerics() != NumericsClass::reassociated)
    return {false, "the applied patches are of another class than reassociated"};
  return {true, tie_sentence(index)};
}

Finding find_approximate(const FidelityIndex& index) {
  if (index.numerics() != NumericsClass::approximate)
    return {false, "no applied patch is approximate"};
  const Record& record = index.record();
  const Finding changed = find_changed_id(record);
  return {true, fmt::format("{}; {}; {}; {}", find_within_budget(record).sentence,
                            changed.holds ? changed.sentence : "all ids equal",
                            nearer_sites_text(record), tokens_compared_text(record))};
}

}  // namespace fidelio
