#include "capsules/timing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace fidelio {
namespace {

const char* phase_name(Phase phase) { return phase == Phase::prefill ? "prefill" : "decode"; }

struct Pairs {
  std::vector<double> baseline;
  std::vector<double> patched;
  std::vector<double> log_ratios;
};

Pairs collect_pairs(const Record& record, Phase phase) {
  std::map<std::pair<std::int64_t, std::int64_t>, std::pair<double, double>> by_pair;
  for (const RunRecord& run : record.runs) {
    if (run.pair < 0) continue;
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

double margin_of(const Record& record, Phase phase) {
  const double own = std::log1p(phase == Phase::prefill ? kPrefillMargin : kDecodeMargin);
  if (!record.noise_floor) return own;
  return std::max(
      own, phase == Phase::prefill ? record.noise_floor->prefill : record.noise_floor->decode);
}

bool patched_plan_ran_in_prefill(const Record& record) {
  return std::any_of(record.plans.begin(), record.plans.end(), [](const PlanRecord& plan) {
    return plan.prefill_steps > 0 && (plan.sites_applied > 0 || !plan.patches.empty());
  });
}

bool is_inside_margins(const PhaseTiming& t) {
  return t.shift.low && *t.shift.low > -t.margin && *t.shift.high < t.margin;
}

std::string outcome_of(const PhaseTiming& t, bool may_be_neutral) {
  if (!t.shift.low) return "inconclusive";
  const double low = *t.shift.low;
  const double high = *t.shift.high;
  if (high < 0 && t.shift.estimate <= -t.margin) return "regression";
  if (low > 0 && t.shift.estimate >= t.margin) return "improvement";
  if (is_inside_margins(t) && may_be_neutral) return "neutral";
  return "inconclusive";
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

std::string sentence_of(const Record& record, Phase phase, const PhaseTiming& t) {
  if (t.pairs == 0) return fmt::format("{}: no pair was timed", phase_name(phase));
  std::string text = fmt::format("{} {}: {}, {} pairs, margin {:.1f}%", phase_name(phase),
                                 t.outcome, speedup_text(t), t.pairs, 100 * std::expm1(t.margin));
  if (!t.shift.low) {
    text += fmt::format("; no interval from fewer than {} pairs", kMinPairs);
  } else {
    text += fmt::format(", {:.1f}% interval", 100 * t.shift.confidence);
    if (t.outcome == "inconclusive" && !is_inside_margins(t)) text += "; " + what_would_decide(t);
  }
  if (phase == Phase::decode || !patched_plan_ran_in_prefill(record)) return text;
  text += "; some prefill steps ran patched plans";
  if (t.outcome == "inconclusive" && is_inside_margins(t))
    text += ", so that inside the margins is not neutral: a prompt above the guard would decide it";
  return text;
}

}  // namespace

double tok_s(const RunRecord& run, Phase phase) {
  const std::int64_t tokens = phase == Phase::prefill ? run.prefill_tokens : run.decode_tokens;
  const std::int64_t time_ns = phase == Phase::prefill ? run.first_token_ns : run.decode_ns;
  if (tokens <= 0 || time_ns <= 0) return 0;
  return static_cast<double>(tokens) * 1e9 / static_cast<double>(time_ns);
}

PhaseTiming judge_timing(const Record& record, Phase phase) {
  const Pairs pairs = collect_pairs(record, phase);
  PhaseTiming out;
  out.pairs = static_cast<std::int64_t>(pairs.log_ratios.size());
  out.margin = margin_of(record, phase);
  if (out.pairs > 0) {
    out.baseline_tok_s = median(pairs.baseline);
    out.patched_tok_s = median(pairs.patched);
    out.shift = signed_rank_shift(pairs.log_ratios);
  }
  out.outcome = outcome_of(out, phase == Phase::decode || !patched_plan_ran_in_prefill(record));
  out.sentence = sentence_of(record, phase, out);
  return out;
}

std::string speedup_text(const PhaseTiming& timing) {
  if (timing.pairs == 0) return "-";
  const std::string ratio = fmt::format("{:.3f}x", std::exp(timing.shift.estimate));
  if (!timing.shift.low) return ratio;
  return fmt::format("{} ({:.3f} to {:.3f})", ratio, std::exp(*timing.shift.low),
                     std::exp(*timing.shift.high));
}

}  // namespace fidelio
