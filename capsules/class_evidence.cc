#include "capsules/class_evidence.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "capsules/arm_rules.h"
#include "capsules/tie_rules.h"

namespace fidelio {
namespace {

std::string missing_samples(const Record& record) {
  std::map<std::string, bool> sampled;
  for (const SiteRecord& site : record.sites) sampled[site.patch] |= site.sampled_rows > 0;
  for (const PatchRecord& patch : record.patches) {
    if (!was_applied(patch) || patch.numerics == "bit_exact" || sampled[patch.name]) continue;
    return fmt::format("no site of patch {} ({}) was held to its reference", patch.name,
                       patch.numerics);
  }
  return "";
}

std::string missing_routed(const FidelityIndex& index) {
  const Record& record = index.record();
  for (const ComparisonRecord& c : record.comparisons) {
    if (c.routing == "routed" || !differs(c)) continue;
    const ComparisonRecord* routed = index.routed(c.prompt, c.width);
    const bool whole = routed != nullptr && routed->positions >= c.positions &&
                       !routed->baseline_logit_xxh3_128.empty() &&
                       !routed->patched_logit_xxh3_128.empty();
    if (!whole)
      return fmt::format(
          "prompt {} differs in steps of {} tokens and has no comparison with the "
          "baseline's experts there",
          c.prompt, c.width);
  }
  for (const GenerationRecord& g : record.generations)
    if (first_divergence(g) >= 0 && index.routed(g.prompt, 1) == nullptr)
      return fmt::format(
          "prompt {} has other ids and no comparison with the baseline's experts in "
          "steps of 1 token",
          g.prompt);
  return "";
}

/// Of routed comparisons: where only the free one changes, a route flip is the reason.
std::string missing_sigma(const FidelityIndex& index) {
  for (const ComparisonRecord& c : index.record().comparisons) {
    if (c.routing != "routed" || !has_changes(c)) continue;
    if (!c.widest_change)
      return fmt::format("prompt {} has changed best tokens in steps of {} tokens and no margin",
                         c.prompt, c.width);
    if (sigma_source(index, c.prompt) != nullptr) continue;
    const ReferenceRecord* reference = index.reference(c.prompt);
    return fmt::format(
        "prompt {} has a changed best token and {} of the {} float64 steps that "
        "sigma takes",
        c.prompt, reference == nullptr ? 0 : reference->steps, kMinSigmaSteps);
  }
  return "";
}

std::string missing_noise(const FidelityIndex& index) {
  // Summed before they are looked up, however often a comparison is there; as doubles, since counts
  // of an untrusted file may overflow an integer.
  std::map<std::pair<std::int64_t, std::int64_t>, double> listed;
  for (const RouteFlipRecord& flip : index.record().route_flips)
    listed[{flip.prompt, flip.width}] += static_cast<double>(flip.count);
  for (const ComparisonRecord& c : index.record().comparisons) {
    if (c.routing != "routed" || c.route_flips == 0) continue;
    const double figures = listed[{c.prompt, c.width}];
    if (figures < static_cast<double>(c.route_flips))
      return fmt::format("prompt {} has {} route flips in steps of {} tokens and figures for {}",
                         c.prompt, c.route_flips, c.width, figures);
  }
  for (const RouteFlipRecord& flip : index.record().route_flips)
    if (noise_source(index, flip.layer) == nullptr)
      return fmt::format("layer {} has route flips and no measure of its router's rounding noise",
                         flip.layer);
  return "";
}

}  // namespace

std::string missing_class_evidence(const FidelityIndex& index) {
  const Record& record = index.record();
  if (index.numerics() == NumericsClass::bit_exact) return "";
  if (!find_differing_bit(record).holds && !find_changed_id(record).holds &&
      record.route_flips.empty())
    return "";
  for (std::string text :
       {missing_samples(record), missing_routed(index), missing_sigma(index), missing_noise(index)})
    if (!text.empty()) return text;
  return "";
}

}  // namespace fidelio
