#include "capsules/gate_fidelity.h"

#include <fmt/format.h>

#include <algorithm>

#include "capsules/budget_rules.h"
#include "capsules/exit_code.h"
#include "capsules/site_rules.h"

namespace fidelio {
namespace {

void check_applied(const Record& record, const PatchRecord& patch, GateCheckList& checks) {
  const bool works = patch.sites_applied > 0 && patch.calls > 0;
  const bool by_name = record.options.patches_by_name || patch.requested_by_name;
  std::string sentence =
      fmt::format("applied at {} sites, called {} times", patch.sites_applied, patch.calls);
  if (!works && !patch.refusals.empty())
    sentence += fmt::format("; refused at {}: {}", patch.refusals.front().site,
                            patch.refusals.front().reason);
  checks.of_patch(patch.name, "applied", works ? "pass" : by_name ? "fail" : "skipped", sentence);
}

void check_sites(const Record& record, const PatchRecord& patch, GateCheckList& checks) {
  std::int64_t sites = 0;
  std::string failures;
  for (const SiteRecord& site : record.sites) {
    if (site.patch != patch.name) continue;
    ++sites;
    const std::string failure = site_failure(site);
    if (!failure.empty() && failures.empty())
      failures = fmt::format("{} (layer {}): {}", site_name(site.site), site.layer, failure);
  }
  if (sites == 0) {
    checks.of_patch(patch.name, "sites", "skipped", "no site of it was looked at");
  } else {
    checks.of_patch(patch.name, "sites", failures.empty() ? "pass" : "fail",
                    failures.empty() ? fmt::format("all {} sites hold", sites)
                                     : fmt::format("of {} sites first {}", sites, failures));
  }
}

/// What a verdict that does not pass exits with.
int code_of(const Record& record, const std::string& fidelity) {
  if (!record.complete && record.interruption == "SIGINT") return kInterrupted;
  if (fidelity == "VACUOUS") return kVacuous;
  return fidelity == "INCOMPLETE" ? kInconclusive : kFidelity;
}

}  // namespace

void check_honesty(const GateResult& result, GateCheckList& checks) {
  checks.demand(result.disagreement.empty(), "stored_verdict", kFidelity,
                result.disagreement.empty() ? "the recomputed verdict is the stored one"
                                            : result.disagreement);
  checks.demand(
      result.mismatch.empty(), "checksums", kFidelity,
      result.mismatch.empty() ? "ids, prompts and config have their checksums" : result.mismatch);
}

void check_patches(const Record& record, GateCheckList& checks) {
  for (const PatchRecord& patch : record.patches) {
    check_applied(record, patch, checks);
    check_sites(record, patch, checks);
  }
}

void check_fidelity(const Record& record, const VerdictRecord& recomputed, const GatePolicy& policy,
                    GateCheckList& checks) {
  const std::string& fidelity = recomputed.fidelity;
  const std::string sentence = fmt::format("{}: {}", fidelity, recomputed.sentence);
  const int code = code_of(record, fidelity);
  if (code == kInterrupted || code == kVacuous || fidelity == "INCOMPLETE" ||
      fidelity == "BROKEN" || fidelity == "NONDETERMINISTIC")
    return checks.fail("fidelity", code, sentence);
  const bool allowed =
      std::find(policy.verdicts.begin(), policy.verdicts.end(), fidelity) != policy.verdicts.end();
  if (!allowed)
    return checks.fail(
        "fidelity", kFidelity,
        fmt::format("{}; the policy lets pass {}", sentence, fmt::join(policy.verdicts, ", ")));
  if (fidelity != "APPROXIMATE") return checks.pass("fidelity", sentence);
  const Finding budget =
      find_within_budget(record, policy.budget ? policy.budget : record.options.budget);
  checks.demand(budget.holds, "fidelity", kFidelity,
                fmt::format("{}: {}", fidelity, budget.sentence));
}

}  // namespace fidelio
