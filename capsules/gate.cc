#include "capsules/gate.h"

#include <fmt/format.h>

#include <utility>

#include "capsules/checksums.h"
#include "capsules/exit_code.h"
#include "capsules/gate_against.h"
#include "capsules/gate_evidence.h"
#include "capsules/gate_fidelity.h"
#include "capsules/gate_speed.h"
#include "capsules/verdict.h"

namespace fidelio {
namespace {

template <class T>
std::string difference(const char* what, const T& stored, const T& recomputed) {
  if (stored == recomputed) return "";
  return fmt::format("stored {} is {}, recomputed {}", what, stored, recomputed);
}

/// The rules by name and outcome. Sentences are for people: another library may round their figures
/// otherwise. A rule that was not applied says nothing, so that a version with more verdicts agrees
/// with an older capsule of the same one.
std::string outcomes(const VerdictRecord& verdict) {
  std::string text;
  for (const RuleRecord& rule : verdict.rules)
    if (rule.outcome != "not applicable")
      text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", rule.name, rule.outcome);
  return text;
}

/// The first figure in which the stored verdict is another one than the recomputed; empty for none.
std::string disagreement_of(const VerdictRecord& stored, const VerdictRecord& recomputed) {
  for (std::string text : {difference("fidelity", stored.fidelity, recomputed.fidelity),
                           difference("decode timing", stored.decode, recomputed.decode),
                           difference("prefill timing", stored.prefill, recomputed.prefill),
                           difference("exit code", stored.exit_code, recomputed.exit_code),
                           difference("list of rules", outcomes(stored), outcomes(recomputed))})
    if (!text.empty()) return text;
  return "";
}

/// What the capsule says of itself, and whether it holds.
GateResult result_of(const std::string& name, const Record& record) {
  GateResult out;
  out.name = name;
  out.model = record.model.id;
  out.recomputed = judge(record);
  out.disagreement = disagreement_of(record.verdict, out.recomputed);
  out.mismatch = checksum_mismatch(record);
  return out;
}

GateResult gate_one(const NamedCapsule& capsule, const GateSpeed& speed,
                    const GateContext& context) {
  const Record& record = capsule.record;
  GateResult out = result_of(capsule.name, record);
  GateCheckList checks(context.policy);
  check_honesty(out, checks);
  check_patches(record, checks);
  check_fidelity(record, out.recomputed, context.policy, checks);
  check_speed(record, speed, context.policy, checks);
  check_evidence(record, context, checks);
  check_against(record, speed, context, checks);
  out.exit_code = checks.exit_code();
  out.checks = checks.take();
  return out;
}

}  // namespace

std::vector<GateResult> gate(std::span<const NamedCapsule> capsules, const GateContext& context) {
  std::vector<GateSpeed> speeds;
  for (const NamedCapsule& capsule : capsules)
    speeds.push_back(judge_speed(capsule.record, context.policy));
  if (context.policy.holm) adjust_for_each_other(speeds);
  std::vector<GateResult> results;
  for (std::size_t i = 0; i < capsules.size(); ++i)
    results.push_back(gate_one(capsules[i], speeds[i], context));
  if (context.policy.models.empty()) return results;
  GateCheckList checks(context.policy);
  check_models(capsules, checks, context.policy);
  GateResult together;
  together.name = "all capsules";
  together.exit_code = checks.exit_code();
  together.checks = checks.take();
  results.push_back(std::move(together));
  return results;
}

GateResult gate(const std::string& name, const Record& record) {
  const NamedCapsule capsule{name, record};
  return gate(std::span(&capsule, 1), GateContext{}).front();
}

int combined_exit_code(const std::vector<GateResult>& results) {
  std::vector<int> codes;
  for (const GateResult& result : results) codes.push_back(result.exit_code);
  return combined_exit_code(std::span<const int>(codes));
}

}  // namespace fidelio
