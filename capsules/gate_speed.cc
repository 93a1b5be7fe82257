#include "capsules/gate_speed.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "capsules/exit_code.h"
#include "capsules/holm.h"

namespace fidelio {
namespace {

/// Two-sided, and scaled so that the level of one look applies to each of two as well.
double p_of(const Record& record, Phase phase, const PhaseTiming& timing) {
  const double p = 2 * signed_rank_p_below(log_ratios(record, phase), 0);
  return std::min(1.0, p * kLevelOfOneLook / timing.level);
}

void check_phase(Phase phase, const PhaseTiming& timing, double p, bool decides,
                 const GatePolicy& policy, GateCheckList& checks) {
  const std::string name = phase_name(phase);
  const bool good = timing.outcome == "neutral" || timing.outcome == "improvement";
  if (good) return checks.pass(name, timing.sentence);
  if (!decides) return checks.skip(name, timing.sentence + "; timing does not decide");
  if (timing.outcome != "regression") return checks.undecided(name, timing.sentence);
  if (policy.holm && p > kLevelOfOneLook)
    return checks.undecided(
        name, fmt::format("{}; p {:.2g} among all capsules (Holm), so that one of them may be "
                          "slower by chance: more pairs would decide it",
                          timing.sentence, p));
  checks.fail(name, kRegression, timing.sentence);
}

void check_pairs(const GateSpeed& speed, const GatePolicy& policy, GateCheckList& checks) {
  if (policy.min_pairs == 0) return;
  const std::int64_t pairs = std::min(speed.decode.pairs, speed.prefill.pairs);
  const std::string sentence =
      fmt::format("{} pairs measured, at least {} demanded", pairs, policy.min_pairs);
  if (!speed.decides) return checks.skip("min_pairs", sentence + "; timing does not decide");
  if (pairs >= policy.min_pairs) return checks.pass("min_pairs", sentence);
  checks.undecided("min_pairs", sentence);
}

void check_looks(const Record& record, bool decides, const GatePolicy& policy,
                 GateCheckList& checks) {
  if (policy.looks >= 2) return;
  const std::string sentence =
      fmt::format("{} looks at the timing, at most {} allowed", record.options.looks, policy.looks);
  if (!decides) return checks.skip("looks", sentence + "; timing does not decide");
  checks.demand(record.options.looks <= policy.looks, "looks", kInconclusive, sentence);
}

void check_noise_floor(const Record& record, bool decides, const GatePolicy& policy,
                       GateCheckList& checks) {
  if (!policy.max_noise_floor) return;
  const char* name = "max_noise_floor";
  if (!decides) return checks.skip(name, "timing does not decide");
  if (!record.noise_floor)
    return checks.undecided(name, "this machine's noise floor was not measured: validate noise");
  const double decode = std::expm1(record.noise_floor->decode);
  const double prefill = std::expm1(record.noise_floor->prefill);
  const std::string sentence = fmt::format(
      "noise floor of decode {:.2f}% of at most {:.2f}%, of prefill {:.2f}% of at most {:.2f}%",
      100 * decode, 100 * policy.max_noise_floor->decode, 100 * prefill,
      100 * policy.max_noise_floor->prefill);
  if (decode <= policy.max_noise_floor->decode && prefill <= policy.max_noise_floor->prefill)
    return checks.pass(name, sentence);
  checks.undecided(name, sentence);
}

}  // namespace

GateSpeed judge_speed(const Record& record, const GatePolicy& policy) {
  const TimingRules rules{policy.margins.decode, policy.margins.prefill, policy.confirm};
  GateSpeed out;
  out.decides =
      policy.timing == "required" || (policy.timing == "capsule" && record.options.require_timing);
  out.decode = judge_timing(record, Phase::decode, rules);
  out.prefill = judge_timing(record, Phase::prefill, rules);
  out.p_decode = p_of(record, Phase::decode, out.decode);
  out.p_prefill = p_of(record, Phase::prefill, out.prefill);
  return out;
}

void adjust_for_each_other(std::vector<GateSpeed>& speeds) {
  std::vector<double*> places;
  for (GateSpeed& speed : speeds) {
    if (!speed.decides) continue;
    places.push_back(&speed.p_decode);
    places.push_back(&speed.p_prefill);
  }
  std::vector<double> p_values;
  for (const double* place : places) p_values.push_back(*place);
  const std::vector<double> adjusted = holm_adjusted(p_values);
  for (std::size_t i = 0; i < places.size(); ++i) *places[i] = adjusted[i];
}

void check_speed(const Record& record, const GateSpeed& speed, const GatePolicy& policy,
                 GateCheckList& checks) {
  check_phase(Phase::decode, speed.decode, speed.p_decode, speed.decides, policy, checks);
  check_phase(Phase::prefill, speed.prefill, speed.p_prefill, speed.decides, policy, checks);
  check_pairs(speed, policy, checks);
  check_looks(record, speed.decides, policy, checks);
  check_noise_floor(record, speed.decides, policy, checks);
}

}  // namespace fidelio
