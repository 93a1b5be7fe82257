#include "capsules/tie_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "capsules/token_text.h"

namespace fidelio {
namespace {

/// An infinite noise would excuse everything.
double larger(double a, double b) {
  if (!std::isfinite(a) || !std::isfinite(b)) return std::numeric_limits<double>::quiet_NaN();
  return std::max(a, b);
}

std::string described(const RouteFlipRecord& flip) {
  return fmt::format(
      "prompt {}, steps of {} tokens, layer {}: other experts in {} {}; at {} {} for {}, "
      "{:.3g} apart in the baseline's router logits",
      flip.prompt, flip.width, flip.layer, flip.count, flip.count == 1 ? "row" : "rows",
      position_text(flip.position), fmt::join(flip.patched_experts, " "),
      fmt::join(flip.baseline_experts, " "), flip.gap);
}

}  // namespace

double tie_factor(NumericsClass numerics) {
  return numerics == NumericsClass::approximate ? kApproximateTieFactor : kTieFactor;
}

double flip_tie_factor(NumericsClass numerics) {
  return numerics == NumericsClass::approximate ? kApproximateTieFactor : kFlipTieFactor;
}

double noise_of(const RouterNoiseRecord& noise) {
  return larger(noise.rms_baseline, noise.rms_naive);
}

double sigma_of(const ReferenceRecord& reference) {
  return larger(reference.sigma_baseline, reference.sigma_naive);
}

const ReferenceRecord* sigma_source(const FidelityIndex& index, std::int64_t prompt) {
  const ReferenceRecord* reference = index.reference(prompt);
  return reference != nullptr && reference->steps >= kMinSigmaSteps ? reference : nullptr;
}

const RouterNoiseRecord* noise_source(const FidelityIndex& index, std::int64_t layer) {
  const RouterNoiseRecord* noise = index.noise(layer);
  return noise != nullptr && noise->rows > 0 ? noise : nullptr;
}

Finding find_defective_flip(const FidelityIndex& index) {
  const bool none_allowed = index.numerics() == NumericsClass::bit_exact;
  const double factor = flip_tie_factor(index.numerics());
  for (const RouteFlipRecord& flip : index.record().route_flips) {
    if (none_allowed) return {true, described(flip) + "; no applied patch may change one bit"};
    const RouterNoiseRecord* source = noise_source(index, flip.layer);
    if (source == nullptr) continue;
    const double noise = noise_of(*source);
    if (flip.gap <= factor * noise) continue;
    return {true, fmt::format("{}; a tie is at most {:.3g}, {} times the rounding noise there",
                              described(flip), factor * noise, factor)};
  }
  for (const ComparisonRecord& c : index.record().comparisons)
    if (none_allowed && c.route_flips > 0)
      return {true, fmt::format("prompt {}, steps of {} tokens: {} route flips, though no applied "
                                "patch may change one bit",
                                c.prompt, c.width, c.route_flips)};
  return {false, "no route flip but ties"};
}

Finding find_defective_change(const FidelityIndex& index) {
  const double factor = tie_factor(index.numerics());
  for (const ComparisonRecord& c : index.record().comparisons) {
    const ReferenceRecord* reference = sigma_source(index, c.prompt);
    if (c.routing != "routed" || reference == nullptr) continue;
    for (const auto& change : {c.widest_change, c.first_change}) {
      const double sigma = sigma_of(*reference);
      if (!change || change->margin <= factor * sigma) continue;
      return {true, fmt::format("prompt {}, steps of {} tokens, step {}: patched says {}, baseline "
                                "{} by a margin of {:.3g}, though both use the same experts; a tie "
                                "is at most {:.3g}, {} sigma",
                                c.prompt, c.width, change->position,
                                token_text(change->patched_text, change->patched_id),
                                token_text(change->baseline_text, change->baseline_id),
                                change->margin, factor * sigma, factor)};
    }
  }
  return {false, "no changed best token but ties"};
}

}  // namespace fidelio
