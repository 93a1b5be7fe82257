#include "capsules/verdict.h"

#include <fmt/format.h>

#include <utility>

#include "capsules/arm_rules.h"
#include "capsules/broken_rules.h"
#include "capsules/class_evidence.h"
#include "capsules/completeness.h"
#include "capsules/exit_code.h"
#include "capsules/fidelity_index.h"
#include "capsules/passing_rules.h"
#include "capsules/timing.h"
#include "capsules/vacuity_rules.h"

namespace fidelio {
namespace {

/// Cut short, or without the evidence that it claims to have.
Finding find_incomplete(const FidelityIndex& index) {
  const Record& record = index.record();
  if (!record.complete)
    return {true, fmt::format("cut short ({}) after {} runs",
                              record.interruption.empty() ? "still running" : record.interruption,
                              record.runs.size())};
  for (const std::string& missing : {missing_evidence(record), missing_class_evidence(index)})
    if (!missing.empty()) return {true, "claimed complete, but " + missing};
  return {false, "every pair and comparison that was asked for is there"};
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

void decide_soundness(const FidelityIndex& index, Rules& rules) {
  const Record& record = index.record();
  rules.add("BROKEN", find_broken(index));
  rules.add("NONDETERMINISTIC", find_nondeterministic(record));
  const Finding incomplete = find_incomplete(index);
  if (!record.complete) rules.add("INCOMPLETE", incomplete);
  if (record.options.patches.empty()) {
    rules.skip("VACUOUS", "no patch was asked for");
  } else if (!record.complete) {
    rules.skip("VACUOUS", "the run was cut short");
  } else {
    rules.add("VACUOUS", find_vacuous(record));
  }
  if (record.complete) rules.add("INCOMPLETE", incomplete);
}

void decide_fidelity(const FidelityIndex& index, VerdictRecord& verdict) {
  Rules rules(verdict);
  decide_soundness(index, rules);
  using Rule = Finding (*)(const FidelityIndex&);
  constexpr std::pair<const char*, Rule> kPassing[] = {{"EXACT", find_exact},
                                                       {"TOKEN_EXACT", find_token_exact},
                                                       {"TIE_FLIP", find_tie_flip},
                                                       {"APPROXIMATE", find_approximate}};
  for (const auto& [name, rule] : kPassing) {
    if (rules.decided()) {
      rules.skip(name, verdict.fidelity + " comes first");
    } else {
      rules.add(name, rule(index));
    }
  }
}

}  // namespace

VerdictRecord judge(const Record& record) {
  VerdictRecord verdict;
  decide_fidelity(FidelityIndex(record), verdict);
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
