#include "capsules/gate_against.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "capsules/comparable.h"
#include "capsules/exit_code.h"
#include "capsules/rank_sum.h"
#include "capsules/verdict.h"

namespace fidelio {
namespace {

/// From the best verdict to the worst that passes; any other is worse than all of them.
std::size_t rank_of(const std::string& fidelity) {
  constexpr std::array<std::string_view, 4> kOrder = {"EXACT", "TOKEN_EXACT", "TIE_FLIP",
                                                      "APPROXIMATE"};
  const auto found = std::find(kOrder.begin(), kOrder.end(), fidelity);
  return static_cast<std::size_t>(found - kOrder.begin());
}

bool concerns_all(const std::vector<Incomparable>& reasons) {
  return std::any_of(reasons.begin(), reasons.end(),
                     [](const Incomparable& reason) { return !reason.speed_alone; });
}

/// The stored capsule to compare with: the one that differs in the fewest respects, and in none
/// that concerns more than speed if there is such a one.
struct Stored {
  const NamedCapsule* capsule = nullptr;
  std::vector<Incomparable> reasons;
};

Stored nearest(const Record& record, const std::vector<NamedCapsule>& against) {
  Stored best;
  for (const NamedCapsule& capsule : against) {
    std::vector<Incomparable> reasons = incomparable(capsule.record, record);
    const auto key = [](const std::vector<Incomparable>& r) {
      return std::pair(concerns_all(r), r.size());
    };
    if (best.capsule != nullptr && key(reasons) >= key(best.reasons)) continue;
    best = {&capsule, std::move(reasons)};
  }
  return best;
}

void check_phase(const Record& record, const Stored& stored, Phase phase, const PhaseTiming& timing,
                 bool decides, GateCheckList& checks) {
  const std::string name = fmt::format("against_{}", phase_name(phase));
  if (!stored.reasons.empty()) {
    const std::string why = "speeds are not comparable: " + incomparable_text(stored.reasons, true);
    return decides ? checks.undecided(name, why) : checks.skip(name, why);
  }
  const double margin = std::max(timing.margin, margin_in_ln(stored.capsule->record, phase));
  const ShiftEstimate shift =
      rank_sum_shift(log_ratios(stored.capsule->record, phase), log_ratios(record, phase));
  const std::string sentence =
      fmt::format("speedup {} times that of {}, margin {:.1f}%", speedup_text(shift),
                  stored.capsule->name, 100 * std::expm1(margin));
  if (!decides) return checks.skip(name, sentence + "; timing does not decide");
  if (!shift.low) return checks.undecided(name, sentence + "; too few pairs for an interval");
  if (*shift.high < 0 && shift.estimate <= -margin) return checks.fail(name, kRegression, sentence);
  if (*shift.low > -margin) return checks.pass(name, sentence);
  checks.undecided(name, sentence + "; more pairs would decide it");
}

}  // namespace

void check_against(const Record& record, const GateSpeed& speed, const GateContext& context,
                   GateCheckList& checks) {
  if (context.against.empty()) return;
  const Stored stored = nearest(record, context.against);
  if (concerns_all(stored.reasons))
    return checks.undecided(
        "against", fmt::format("no stored capsule of this model, prompts and options; {}: {}",
                               stored.capsule->name, incomparable_text(stored.reasons, false)));
  const std::string before = judge(stored.capsule->record).fidelity;
  const std::string now = judge(record).fidelity;
  checks.demand(rank_of(now) <= rank_of(before), "against", kFidelity,
                fmt::format("{}, {} in {}", now, before, stored.capsule->name));
  check_phase(record, stored, Phase::decode, speed.decode, speed.decides, checks);
  check_phase(record, stored, Phase::prefill, speed.prefill, speed.decides, checks);
}

}  // namespace fidelio
