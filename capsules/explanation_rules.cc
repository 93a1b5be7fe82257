#include "capsules/explanation_rules.h"

#include <fmt/format.h>

#include <set>

#include "capsules/arm_rules.h"

namespace fidelio {
namespace {

/// The routed comparison is there and shows no reason for a token to change.
bool denies_any_change(const FidelityIndex& index, std::int64_t prompt, std::int64_t width) {
  const ComparisonRecord* routed = index.routed(prompt, width);
  return routed != nullptr && !has_changes(*routed) && routed->route_flips == 0 &&
         index.flips(prompt, width).empty();
}

/// A comparison in steps of one token has another best token at `position` or before.
bool changes_by(const ComparisonRecord* comparison, std::int64_t position) {
  if (comparison == nullptr || !has_changes(*comparison)) return false;
  const std::int64_t first = first_change_of(*comparison);
  return first >= 0 && first <= position;
}

/// Whether tokens were compared one by one up to there; where not, the record is incomplete.
bool covers(const ComparisonRecord* comparison, const GenerationRecord& g, std::int64_t position) {
  return comparison != nullptr &&
         (comparison->positions > position ||
          comparison->positions >= static_cast<std::int64_t>(g.baseline.ids.size()));
}

Finding find_in_generation(const FidelityIndex& index, const GenerationRecord& g) {
  const std::int64_t at = first_divergence(g);
  if (at < 0) {
    if (g.baseline.stop == g.patched.stop) return {};
    return {true, fmt::format("prompt {}: the baseline stopped by {}, the patched arm by {}, "
                              "though their ids are the same",
                              g.prompt, g.baseline.stop, g.patched.stop)};
  }
  if (covers(index.free(g.prompt, 1), g, at) && !changes_by(index.free(g.prompt, 1), at) &&
      !changes_by(index.routed(g.prompt, 1), at))
    return {true, fmt::format("prompt {}: ids of the free runs differ from generated token {} on, "
                              "though no best token changes up to there in steps of 1 token",
                              g.prompt, at)};
  if (denies_any_change(index, g.prompt, 1))
    return {true, fmt::format("prompt {}: ids of the free runs differ from generated token {} on, "
                              "though with the baseline's experts no best token changes, and no "
                              "other expert is chosen",
                              g.prompt, at)};
  return {};
}

/// Ids of the timed runs that differ though the free runs' do not.
Finding find_in_runs(const FidelityIndex& index) {
  std::set<std::int64_t> explained;
  for (const GenerationRecord& g : index.record().generations)
    if (first_divergence(g) >= 0) explained.insert(g.prompt);
  for (const ComparisonRecord& c : index.record().comparisons)
    if (c.width == 1 && has_changes(c)) explained.insert(c.prompt);
  Finding runs = find_runs_with_other_ids(index.record(), explained);
  if (runs.holds) runs.sentence += ", though no best token changes in steps of 1 token";
  return runs;
}

}  // namespace

Finding find_unexplained_change(const FidelityIndex& index) {
  for (const GenerationRecord& g : index.record().generations)
    if (Finding found = find_in_generation(index, g); found.holds) return found;
  for (const ComparisonRecord& c : index.record().comparisons) {
    if (c.routing == "routed" || !has_changes(c)) continue;
    if (!denies_any_change(index, c.prompt, c.width)) continue;
    return {true, fmt::format("prompt {}, steps of {} tokens: {} best tokens change, first at {}, "
                              "though with the baseline's experts none does, and no other expert "
                              "is chosen",
                              c.prompt, c.width, c.argmax_changes, first_change_of(c))};
  }
  return find_in_runs(index);
}

}  // namespace fidelio
