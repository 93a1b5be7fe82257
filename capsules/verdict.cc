#include "capsules/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "capsules/exit_code.h"
#include "capsules/timing.h"

namespace fidelio {
namespace {

/// A rule's finding: the sentence says what was seen; `applies` whether the verdict of that name
/// follows.
struct Finding {
  bool applies = false;
  std::string sentence;
};

bool every_patch_is_bit_exact(const Record& record) {
  return std::all_of(record.patches.begin(), record.patches.end(),
                     [](const PatchRecord& patch) { return patch.numerics == "bit_exact"; });
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
    if (g.baseline.ids == g.patched.ids) continue;
    const auto [b, p] = std::mismatch(g.baseline.ids.begin(), g.baseline.ids.end(),
                                      g.patched.ids.begin(), g.patched.ids.end());
    return {true, fmt::format("prompt {}: ids differ from generated token {} on", g.prompt,
                              std::distance(g.baseline.ids.begin(), b))};
  }
  for (const ComparisonRecord& c : record.comparisons) {
    if (c.argmax_changes == 0) continue;
    return {true, fmt::format("prompt {}, steps of {} tokens: the best token changes at {} of {} "
                              "positions, first at {}",
                              c.prompt, c.width, c.argmax_changes, c.positions,
                              c.first_argmax_change.value_or(0))};
  }
  return {};
}

bool differs(const ComparisonRecord& c) {
  return c.differing_positions > 0 || c.baseline_logit_xxh3_128 != c.patched_logit_xxh3_128;
}

Finding find_differing_bit(const Record& record) {
  for (const ComparisonRecord& c : record.comparisons) {
    if (!differs(c)) continue;
    return {true, fmt::format("prompt {}, steps of {} tokens: logits differ at {} of {} positions, "
                              "first at {}, by up to "
                              "{:.3g}",
                              c.prompt, c.width, c.differing_positions, c.positions,
                              c.first_difference.value_or(0), c.max_abs_err)};
  }
  for (const GenerationRecord& g : record.generations) {
    if (g.baseline.logit_xxh3_128 == g.patched.logit_xxh3_128) continue;
    return {true, fmt::format("prompt {}: the logits of the free runs differ", g.prompt)};
  }
  return {};
}

Finding broken(const Record& record) {
  if (Finding fault = find_fault(record); fault.applies) return fault;
  if (Finding changed = find_changed_id(record); changed.applies) return changed;
  if (!every_patch_is_bit_exact(record)) return {};
  Finding bit = find_differing_bit(record);
  if (bit.applies) bit.sentence += ", though every patch claims bit-exactness";
  return bit;
}

Finding nondeterministic(const Record& record) {
  using Key = std::tuple<std::string, std::int64_t, bool>;
  std::map<Key, const RunRecord*> first;
  for (const RunRecord& run : record.runs) {
    const auto [entry, is_first] =
        first.emplace(Key{run.arm, run.prompt, run.teacher_forced}, &run);
    const RunRecord& reference = *entry->second;
    const bool ids = run.ids_xxh3_128 != reference.ids_xxh3_128;
    if (is_first || (!ids && run.logit_xxh3_128 == reference.logit_xxh3_128)) continue;
    return {true,
            fmt::format("{} arm, prompt {}: run {} gives other {} than run {} of the same arm",
                        run.arm, run.prompt, run.order, ids ? "ids" : "logits", reference.order)};
  }
  return {};
}

Finding vacuous(const Record& record) {
  if (record.options.patches.empty()) return {};
  std::int64_t sites = 0;
  std::int64_t calls = 0;
  for (const PatchRecord& patch : record.patches) {
    sites += patch.sites_applied;
    calls += patch.calls;
    if (record.options.patches_by_name && (patch.sites_applied == 0 || patch.calls == 0)) {
      return {true, fmt::format("{} was asked for by name, applied at {} sites and called {} times",
                                patch.name, patch.sites_applied, patch.calls)};
    }
  }
  if (sites == 0) return {true, "no patch applied at any site"};
  if (calls == 0) return {true, "no fused kernel was called"};
  return {};
}

/// What is missing for the comparison to prove anything: empty where nothing is.
std::string missing_evidence(const Record& record) {
  for (std::size_t p = 0; p < record.prompts.size(); ++p) {
    const auto prompt = static_cast<std::int64_t>(p);
    const bool generated =
        std::any_of(record.generations.begin(), record.generations.end(),
                    [&](const auto& g) { return g.prompt == prompt && !g.baseline.ids.empty(); });
    const bool compared = std::any_of(
        record.comparisons.begin(), record.comparisons.end(),
        [&](const auto& c) { return c.prompt == prompt && c.width == 1 && c.positions > 0; });
    if (!generated) return fmt::format("prompt {} has no generated tokens", p);
    if (!compared) return fmt::format("prompt {} has no comparison at one token a step", p);
  }
  return record.prompts.empty() ? "there is no prompt" : "";
}

std::string widths_text(const Record& record) {
  std::string text;
  for (const std::int64_t width : record.options.widths)
    text += (text.empty() ? "" : ", ") + std::to_string(width);
  return text;
}

Finding exact(const Record& record) {
  if (find_differing_bit(record).applies || find_changed_id(record).applies) return {};
  if (const std::string missing = missing_evidence(record); !missing.empty())
    return {false, missing};
  return {true, fmt::format("{}, all ids and logits bitwise equal, steps of {} tokens",
                            tokens_compared_text(record), widths_text(record))};
}

void decide(VerdictRecord& verdict, const char* name, const Finding& finding) {
  const bool first = verdict.fidelity.empty() && finding.applies;
  verdict.rules.push_back({name, finding.applies ? "holds" : "does not hold", finding.sentence});
  if (!first) return;
  verdict.fidelity = name;
  verdict.sentence = finding.sentence;
}

void decide_fidelity(const Record& record, VerdictRecord& verdict) {
  decide(verdict, "BROKEN", broken(record));
  decide(verdict, "NONDETERMINISTIC", nondeterministic(record));
  if (!record.complete) {
    decide(verdict, "INCOMPLETE",
           {true, fmt::format("cut short ({}) after {} runs",
                              record.interruption.empty() ? "still running" : record.interruption,
                              record.runs.size())});
    return;
  }
  decide(verdict, "VACUOUS", vacuous(record));
  const Finding equal = exact(record);
  decide(verdict, "EXACT", equal);
  if (!verdict.fidelity.empty()) return;
  if (const std::string missing = missing_evidence(record); !missing.empty()) {
    decide(verdict, "INCOMPLETE", {true, missing});
    return;
  }
  decide(verdict, "UNJUDGED",
         {true, "ids are equal and " + find_differing_bit(record).sentence +
                    "; whether that is rounding or a defect awaits a float64 evaluation"});
}

}  // namespace

std::string tokens_compared_text(const Record& record) {
  std::string text;
  std::int64_t whole = 0;
  for (const GenerationRecord& g : record.generations) {
    const auto n = static_cast<std::int64_t>(g.baseline.ids.size());
    if (g.baseline.stop == "eos") {
      text += fmt::format("{}prompt {} stopped at EOS after {} of {} tokens",
                          text.empty() ? "" : ", ", g.prompt, n, record.options.max_tokens);
    } else {
      whole += n;
    }
  }
  if (whole == 0 && !text.empty()) return text;
  const std::string all = fmt::format("{} tokens compared", whole);
  return text.empty() ? all : all + ", " + text;
}

VerdictRecord judge(const Record& record) {
  VerdictRecord verdict;
  decide_fidelity(record, verdict);
  const PhaseTiming decode = judge_timing(record, Phase::decode);
  const PhaseTiming prefill = judge_timing(record, Phase::prefill);
  verdict.decode = decode.outcome;
  verdict.prefill = prefill.outcome;
  verdict.rules.push_back({"decode", decode.outcome, decode.sentence});
  verdict.rules.push_back({"prefill", prefill.outcome, prefill.sentence});
  verdict.exit_code = exit_code_of(record, verdict);
  return verdict;
}

}  // namespace fidelio
