#include "capsules/fidelity_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

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

Finding find_fault(const Record& record) {
  if (record.faults.empty()) return {};
  const FaultRecord& fault = record.faults.front();
  const char* what = fault.kind == "expert_id" ? "impossible expert id" : "non-finite value";
  return {
      true,
      fmt::format("{}: {} {} at %{} ({}, layer {}), prompt {}, position {}, in a step of {} tokens",
                  fault.arm, fault.count, what, fault.site, fault.op, fault.layer, fault.prompt,
                  fault.position, fault.width)};
}

Finding find_changed_id(const Record& record) {
  for (const GenerationRecord& g : record.generations) {
    if (g.baseline.ids != g.patched.ids) {
      const auto [b, p] = std::mismatch(g.baseline.ids.begin(), g.baseline.ids.end(),
                                        g.patched.ids.begin(), g.patched.ids.end());
      return {true, fmt::format("prompt {}: ids differ from generated token {} on", g.prompt,
                                std::distance(g.baseline.ids.begin(), b))};
    }
    if (g.baseline.stop != g.patched.stop)
      return {true, fmt::format("prompt {}: the baseline stopped by {}, the patched arm by {}",
                                g.prompt, g.baseline.stop, g.patched.stop)};
  }
  for (const ComparisonRecord& c : record.comparisons) {
    if (c.argmax_changes == 0 && !c.first_argmax_change) continue;
    return {true, fmt::format("prompt {}, steps of {} tokens: the best token changes at {} of {} "
                              "positions, first at {}",
                              c.prompt, c.width, c.argmax_changes, c.positions,
                              c.first_argmax_change.value_or(0))};
  }
  return across_arms(record, [](const RunRecord& b, const RunRecord& p) -> Finding {
    return {b.ids_xxh3_128 != p.ids_xxh3_128,
            fmt::format("prompt {}: ids of run {} (baseline) and run {} (patched) differ", b.prompt,
                        b.order, p.order)};
  });
}

bool differs(const ComparisonRecord& c) {
  return c.differing_positions > 0 || c.first_difference.has_value() || !(c.max_abs_err <= 0) ||
         c.baseline_logit_xxh3_128 != c.patched_logit_xxh3_128;
}

bool was_applied(const PatchRecord& patch) { return patch.sites_applied > 0 || patch.calls > 0; }

/// True without any patch too: the baseline has no excuse to differ from itself.
bool applied_patches_are_bit_exact(const Record& record) {
  return std::all_of(record.patches.begin(), record.patches.end(), [](const PatchRecord& patch) {
    return !was_applied(patch) || patch.numerics == "bit_exact";
  });
}

/// A patch asked for by name that did nothing.
Finding find_idle_by_name(const Record& record) {
  for (const PatchRecord& patch : record.patches) {
    const bool by_name = record.options.patches_by_name || patch.requested_by_name;
    if (by_name && (patch.sites_applied == 0 || patch.calls == 0))
      return {true, fmt::format("{} was asked for by name, applied at {} sites and called {} times",
                                patch.name, patch.sites_applied, patch.calls)};
  }
  if (!record.options.patches_by_name) return {};
  for (const std::string& name : record.options.patches) {
    if (std::none_of(record.patches.begin(), record.patches.end(),
                     [&](const PatchRecord& patch) { return patch.name == name; }))
      return {true, fmt::format("{} was asked for by name and never tried", name)};
  }
  return {};
}

std::int64_t positions_compared(const Record& record) {
  double positions = 0;  // counts of an untrusted file may overflow an integer
  for (const ComparisonRecord& c : record.comparisons)
    positions += static_cast<double>(c.positions);
  return static_cast<std::int64_t>(std::min(positions, 1e15));
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

Finding find_broken(const Record& record) {
  if (Finding fault = find_fault(record); fault.holds) return fault;
  if (Finding changed = find_changed_id(record); changed.holds) return changed;
  Finding bit = find_differing_bit(record);
  if (bit.holds && applied_patches_are_bit_exact(record)) {
    bit.sentence += record.patches.empty() ? ", though no patch was applied"
                                           : ", though every applied patch claims bit-exactness";
    return bit;
  }
  return {false,
          fmt::format("no fault and no changed token at {} compared positions; {}",
                      positions_compared(record),
                      bit.holds ? "bits differ, as some patch says they may" : "no differing bit")};
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

Finding find_vacuous(const Record& record) {
  if (Finding idle = find_idle_by_name(record); idle.holds) return idle;
  std::int64_t applied = 0;
  std::int64_t called = 0;
  for (const PatchRecord& patch : record.patches) {
    applied += patch.sites_applied > 0 ? 1 : 0;
    called += patch.calls > 0 ? 1 : 0;
  }
  if (applied == 0) return {true, "no patch applied at any site"};
  if (called == 0) return {true, "no fused kernel was called"};
  return {false, fmt::format("of {} patches {} applied and {} were called", record.patches.size(),
                             applied, called)};
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
