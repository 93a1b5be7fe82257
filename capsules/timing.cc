#include "capsules/timing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace fidelio {
namespace {

struct Pairs {
  std::vector<double> baseline;
  std::vector<double> patched;
  std::vector<double> log_ratios;
};

Pairs collect_pairs(const Record& record, Phase phase, bool confirming) {
  std::map<std::pair<std::int64_t, std::int64_t>, std::pair<double, double>> by_pair;
  for (const RunRecord& run : record.runs) {
    if (run.pair < 0 || is_confirming(record, run) != confirming) continue;
    auto& [baseline, patched] = by_pair[{run.pair, run.prompt}];
    (run.arm == "baseline" ? baseline : patched) = tok_s(run, phase);
  }
  Pairs out;
  for (const auto& [key, rates] : by_pair) {
    const auto [baseline, patched] = rates;
    if (!(baseline > 0) || !(patched > 0)) continue;
    out.baseline.push_back(baseline);
    out.patched.push_back(patched);
    out.log_ratios.push_back(std::log(patched / baseline));
  }
  return out;
}

bool patched_plan_ran_in_prefill(const Record& record) {
  return std::any_of(record.plans.begin(), record.plans.end(), [](const PlanRecord& plan) {
    return plan.prefill_steps > 0 && (plan.sites_applied > 0 || !plan.patches.empty());
  });
}

bool is_regression(const ShiftEstimate& shift, double margin) {
  return shift.high && *shift.high < 0 && shift.estimate <= -margin;
}

std::string outcome_of(const PhaseTiming& t, bool may_be_neutral) {
  if (!t.shift.low) return "inconclusive";
  if (is_regression(t.shift, t.margin)) return "regression";
  if (*t.shift.low > 0 && t.shift.estimate >= t.margin) return "improvement";
  if (is_inside_margins(t) && may_be_neutral) return "neutral";
  return "inconclusive";
}

/// Whether the regression is repeated by pairs of a fresh process.
void confirm(const Record& record, Phase phase, PhaseTiming& t) {
  const Pairs again = collect_pairs(record, phase, true);
  t.confirming_pairs = static_cast<std::int64_t>(again.log_ratios.size());
  if (t.confirming_pairs > 0) t.confirming_shift = signed_rank_shift(again.log_ratios);
  if (!is_regression(t.confirming_shift, t.margin)) t.outcome = "inconclusive";
}

/// How many pairs would narrow the interval to the margin: its width goes with one over the root of
/// their number.
std::string what_would_decide(const PhaseTiming& t) {
  const double half_width = (*t.shift.high - *t.shift.low) / 2;
  const double nearest = std::min(std::abs(std::abs(t.shift.estimate) - t.margin), t.margin);
  const double needed =
      static_cast<double>(t.pairs) * std::pow(half_width / std::max(nearest, 1e-4), 2);
  if (!(needed <= 10000)) return "more than 10000 pairs would be needed to decide it";
  return fmt::format("about {:.0f} pairs would decide it",
                     std::ceil(std::max(needed, static_cast<double>(t.pairs + 1))));
}

/// ", first of two looks": which of them the number of pairs is.
std::string look_text(const Record& record, const PhaseTiming& t) {
  if (record.options.looks < 2) return "";
  const auto prompts = static_cast<double>(std::max<std::size_t>(1, record.prompts.size()));
  const bool second =
      static_cast<double>(t.pairs) > 1.5 * prompts * static_cast<double>(record.options.runs);
  return second ? ", second of two looks" : ", first of two looks";
}

/// "; not confirmed in a fresh process: ..."; empty where nothing was to be confirmed.
std::string confirmation_text(const PhaseTiming& t, bool asked) {
  if (t.measured != "regression" || !asked) return "";
  if (t.confirming_pairs == 0) return "; a regression, but not measured again: --confirm";
  return fmt::format("; {}confirmed in a fresh process: {}, {} pairs",
                     t.outcome == "regression" ? "" : "a regression, but not ",
                     speedup_text(t.confirming_shift), t.confirming_pairs);
}

std::string sentence_of(const Record& record, Phase phase, const PhaseTiming& t, bool confirming) {
  if (t.pairs == 0) return fmt::format("{}: no pair was timed", phase_name(phase));
  std::string text = fmt::format("{} {}: {}, {} pairs, margin {:.1f}%", phase_name(phase),
                                 t.outcome, speedup_text(t), t.pairs, 100 * std::expm1(t.margin));
  const bool decided = t.measured != "inconclusive";
  if (!t.shift.low) {
    text += fmt::format("; no interval from fewer than {} pairs", kMinPairs);
  } else {
    text += fmt::format(", {:.1f}% interval{}", 100 * t.shift.confidence, look_text(record, t));
    if (!decided && !is_inside_margins(t)) text += "; " + what_would_decide(t);
  }
  text += confirmation_text(t, confirming);
  if (phase == Phase::decode || !patched_plan_ran_in_prefill(record)) return text;
  text += "; some prefill steps ran patched plans";
  if (!decided && is_inside_margins(t))
    text += ", so that inside the margins is not neutral: a prompt above the guard would decide it";
  return text;
}

}  // namespace

bool is_inside_margins(const PhaseTiming& timing) {
  const ShiftEstimate& shift = timing.shift;
  return shift.low && *shift.low > -timing.margin && *shift.high < timing.margin;
}

double tok_s(const RunRecord& run, Phase phase) {
  const std::int64_t tokens = phase == Phase::prefill ? run.prefill_tokens : run.decode_tokens;
  const std::int64_t time_ns = phase == Phase::prefill ? run.first_token_ns : run.decode_ns;
  if (tokens <= 0 || time_ns <= 0) return 0;
  return static_cast<double>(tokens) * 1e9 / static_cast<double>(time_ns);
}

std::vector<const RunRecord*> timed_runs(const Record& record, Phase phase) {
  std::vector<const RunRecord*> runs;
  for (const RunRecord& run : record.runs)
    if (run.pair >= 0 && tok_s(run, phase) > 0) runs.push_back(&run);
  return runs;
}

bool is_confirming(const Record& record, const RunRecord& run) {
  return run.launch >= 0 && run.launch < static_cast<std::int64_t>(record.launches.size()) &&
         record.launches[static_cast<std::size_t>(run.launch)].purpose == "confirm";
}

PhaseTiming judge_timing(const Record& record, Phase phase, const TimingRules& rules) {
  const Pairs pairs = collect_pairs(record, phase, false);
  PhaseTiming out;
  out.pairs = static_cast<std::int64_t>(pairs.log_ratios.size());
  out.margin = margin_in_ln(record, phase, rules);
  if (record.options.looks > 1) out.level = kLevelOfTwoLooks;
  if (out.pairs > 0) {
    out.baseline_tok_s = median(pairs.baseline);
    out.patched_tok_s = median(pairs.patched);
    out.shift = signed_rank_shift(pairs.log_ratios, out.level);
  }
  out.measured = outcome_of(out, phase == Phase::decode || !patched_plan_ran_in_prefill(record));
  out.outcome = out.measured;
  const bool confirming = record.options.confirm || rules.confirm;
  if (out.measured == "regression" && confirming) confirm(record, phase, out);
  out.sentence = sentence_of(record, phase, out, confirming);
  return out;
}

std::vector<double> log_ratios(const Record& record, Phase phase) {
  return collect_pairs(record, phase, false).log_ratios;
}

double margin_in_ln(const Record& record, Phase phase, const TimingRules& rules) {
  const bool prefill = phase == Phase::prefill;
  const double own = std::log1p(prefill ? rules.prefill_margin : rules.decode_margin);
  if (!record.noise_floor) return own;
  return std::max(own, prefill ? record.noise_floor->prefill : record.noise_floor->decode);
}

const char* phase_name(Phase phase) { return phase == Phase::prefill ? "prefill" : "decode"; }

std::string speedup_text(const PhaseTiming& timing) {
  return timing.pairs == 0 ? "-" : speedup_text(timing.shift);
}

std::string speedup_text(const ShiftEstimate& shift) {
  const std::string ratio = fmt::format("{:.3f}x", std::exp(shift.estimate));
  if (!shift.low) return ratio;
  return fmt::format("{} ({:.3f} to {:.3f})", ratio, std::exp(*shift.low), std::exp(*shift.high));
}

}  // namespace fidelio
