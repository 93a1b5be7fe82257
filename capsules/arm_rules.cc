#include "capsules/arm_rules.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <tuple>

#include "capsules/fidelity_index.h"

namespace fidelio {
namespace {

/// The first run of an arm, prompt and forcing: what the others of its kind are held to.
using RunKind = std::tuple<std::string, std::int64_t, bool>;

std::map<RunKind, const RunRecord*> first_runs(const Record& record) {
  std::map<RunKind, const RunRecord*> first;
  for (const RunRecord& run : record.runs)
    first.emplace(RunKind{run.arm, run.prompt, run.teacher_forced}, &run);
  return first;
}

/// Calls `compare` with each baseline run that is the first of its kind and its patched
/// counterpart.
template <class Compare>
Finding across_arms(const Record& record, const Compare& compare) {
  const auto first = first_runs(record);
  for (const auto& [kind, baseline] : first) {
    const auto& [arm, prompt, forced] = kind;
    const auto patched = first.find(RunKind{"patched", prompt, forced});
    if (arm != "baseline" || patched == first.end()) continue;
    if (Finding found = compare(*baseline, *patched->second); found.holds) return found;
  }
  return {};
}

/// A baseline comparison over all generated positions against the free run of the same tokens.
Finding find_wavering_baseline(const Record& record) {
  std::map<std::int64_t, const SequenceRecord*> free_runs;
  for (const GenerationRecord& g : record.generations) free_runs.emplace(g.prompt, &g.baseline);
  for (const ComparisonRecord& c : record.comparisons) {
    const auto free = free_runs.find(c.prompt);
    if (free == free_runs.end()) continue;
    const SequenceRecord& run = *free->second;
    if (c.positions != static_cast<std::int64_t>(run.ids.size())) continue;
    if (c.baseline_logit_xxh3_128.empty() || run.logit_xxh3_128.empty()) continue;
    if (c.baseline_logit_xxh3_128 == run.logit_xxh3_128) continue;
    return {true, fmt::format("baseline arm, prompt {}: its logits in steps of {} tokens are "
                              "others than those of its free run",
                              c.prompt, c.width)};
  }
  return {};
}

}  // namespace

Finding find_changed_id(const Record& record) {
  for (const GenerationRecord& g : record.generations) {
    if (const std::int64_t at = first_divergence(g); at >= 0)
      return {true, fmt::format("prompt {}: ids differ from generated token {} on", g.prompt, at)};
    if (g.baseline.stop != g.patched.stop)
      return {true, fmt::format("prompt {}: the baseline stopped by {}, the patched arm by {}",
                                g.prompt, g.baseline.stop, g.patched.stop)};
  }
  for (const ComparisonRecord& c : record.comparisons) {
    if (!has_changes(c)) continue;
    return {true, fmt::format("prompt {}, steps of {} tokens: the best token changes at {} of {} "
                              "positions, first at {}",
                              c.prompt, c.width, c.argmax_changes, c.positions,
                              c.first_argmax_change.value_or(0))};
  }
  return find_runs_with_other_ids(record, {});
}

Finding find_runs_with_other_ids(const Record& record, const std::set<std::int64_t>& explained) {
  return across_arms(record, [&](const RunRecord& b, const RunRecord& p) -> Finding {
    return {b.ids_xxh3_128 != p.ids_xxh3_128 && explained.count(b.prompt) == 0,
            fmt::format("prompt {}: ids of run {} (baseline) and run {} (patched) differ", b.prompt,
                        b.order, p.order)};
  });
}

Finding find_nondeterministic(const Record& record) {
  const auto first = first_runs(record);
  for (const RunRecord& run : record.runs) {
    const RunRecord& reference = *first.at(RunKind{run.arm, run.prompt, run.teacher_forced});
    const bool ids = run.ids_xxh3_128 != reference.ids_xxh3_128;
    if (!ids && run.logit_xxh3_128 == reference.logit_xxh3_128) continue;
    return {true,
            fmt::format("{} arm, prompt {}: run {} gives other {} than run {} of the same arm",
                        run.arm, run.prompt, run.order, ids ? "ids" : "logits", reference.order)};
  }
  if (Finding wavers = find_wavering_baseline(record); wavers.holds) return wavers;
  return {false, fmt::format("each of {} runs agrees with the first of its arm and prompt",
                             record.runs.size())};
}

Finding find_differing_bit(const Record& record) {
  for (const ComparisonRecord& c : record.comparisons) {
    if (!differs(c)) continue;
    return {true, fmt::format("prompt {}, steps of {} tokens: logits differ at {} of {} positions, "
                              "first at {}, by up to {:.3g}",
                              c.prompt, c.width, c.differing_positions, c.positions,
                              c.first_difference.value_or(0), c.max_abs_err)};
  }
  for (const GenerationRecord& g : record.generations) {
    if (g.baseline.logit_xxh3_128 == g.patched.logit_xxh3_128) continue;
    return {true, fmt::format("prompt {}: the logits of the free runs differ", g.prompt)};
  }
  return across_arms(record, [](const RunRecord& b, const RunRecord& p) -> Finding {
    return {b.logit_xxh3_128 != p.logit_xxh3_128,
            fmt::format("prompt {}: logits of run {} (baseline) and run {} (patched) differ",
                        b.prompt, b.order, p.order)};
  });
}

}  // namespace fidelio
