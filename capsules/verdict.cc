#include "capsules/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "capsules/completeness.h"
#include "capsules/exit_code.h"
#include "capsules/fidelity_rules.h"
#include "capsules/timing.h"

namespace fidelio {
namespace {

/// Cut short, or without the evidence that it claims to have.
Finding find_incomplete(const Record& record) {
  if (!record.complete)
    return {true, fmt::format("cut short ({}) after {} runs",
                              record.interruption.empty() ? "still running" : record.interruption,
                              record.runs.size())};
  const std::string missing = missing_evidence(record);
  if (missing.empty()) return {false, "every pair and comparison that was asked for is there"};
  return {true, "claimed complete, but " + missing};
}

/// "", or how far the comparisons in wider steps reach where that is less than all tokens.
std::string reach_of_wider_steps(const Record& record) {
  std::map<std::int64_t, std::int64_t> generated;
  for (const GenerationRecord& g : record.generations)
    generated.emplace(g.prompt, static_cast<std::int64_t>(g.baseline.ids.size()));
  std::optional<std::int64_t> reach;
  for (const ComparisonRecord& c : record.comparisons) {
    if (c.width == 1 || c.positions >= generated[c.prompt]) continue;
    reach = std::min(reach.value_or(c.positions), c.positions);
  }
  return reach ? fmt::format(" (wider ones: {} positions a prompt)", *reach) : "";
}

Finding find_exact(const Record& record, const Finding& differing_bit) {
  if (differing_bit.holds) return {false, differing_bit.sentence};
  return {true, fmt::format("{}, all ids and logits bitwise equal, steps of {} tokens{}",
                            tokens_compared_text(record), fmt::join(record.options.widths, ", "),
                            reach_of_wider_steps(record))};
}

/// The rules in their order. The first that holds is the verdict; what can no longer be decided by
/// a later rule is "not applicable".
class Rules {
 public:
  explicit Rules(VerdictRecord& verdict) : verdict_(verdict) {}

  bool decided() const { return !verdict_.fidelity.empty(); }

  void add(const char* name, const Finding& finding) {
    verdict_.rules.push_back({name, finding.holds ? "holds" : "does not hold", finding.sentence});
    if (decided() || !finding.holds) return;
    verdict_.fidelity = name;
    verdict_.sentence = finding.sentence;
  }

  void skip(const char* name, const std::string& why) {
    verdict_.rules.push_back({name, "not applicable", why});
  }

 private:
  VerdictRecord& verdict_;
};

void decide_fidelity(const Record& record, VerdictRecord& verdict) {
  Rules rules(verdict);
  rules.add("BROKEN", find_broken(record));
  rules.add("NONDETERMINISTIC", find_nondeterministic(record));
  const Finding incomplete = find_incomplete(record);
  if (!record.complete) rules.add("INCOMPLETE", incomplete);
  if (record.options.patches.empty()) {
    rules.skip("VACUOUS", "no patch was asked for");
  } else if (!record.complete) {
    rules.skip("VACUOUS", "the run was cut short");
  } else {
    rules.add("VACUOUS", find_vacuous(record));
  }
  if (record.complete) rules.add("INCOMPLETE", incomplete);
  if (rules.decided()) {
    rules.skip("EXACT", verdict.fidelity + " comes first");
    rules.skip("UNJUDGED", verdict.fidelity + " comes first");
    return;
  }
  const Finding bit = find_differing_bit(record);
  rules.add("EXACT", find_exact(record, bit));
  if (rules.decided()) {
    rules.skip("UNJUDGED", "no bit differs");
    return;
  }
  rules.add("UNJUDGED",
            {true, "ids are equal and " + bit.sentence +
                       "; whether that is rounding or a defect awaits a float64 evaluation"});
}

}  // namespace

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
