#include "capsules/tie_sentence.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "capsules/site_rules.h"
#include "capsules/tie_rules.h"
#include "capsules/token_text.h"

namespace fidelio {
namespace {

/// "one route tie at layer 7", "3 route ties at layers 2, 7"; empty for none.
std::string described(const std::vector<const RouteFlipRecord*>& flips) {
  constexpr std::size_t kMaxLayers = 5;
  std::set<std::int64_t> layers;
  double count = 0;  // counts of an untrusted file may overflow an integer
  for (const RouteFlipRecord* flip : flips) {
    layers.insert(flip->layer);
    count += static_cast<double>(flip->count);
  }
  if (layers.empty()) return "";
  std::vector<std::int64_t> named(layers.begin(), layers.end());
  if (named.size() > kMaxLayers) named.resize(kMaxLayers);
  return fmt::format("{} at {} {}{}",
                     count == 1 ? "one route tie" : fmt::format("{} route ties", count),
                     layers.size() == 1 ? "layer" : "layers", fmt::join(named, ", "),
                     named.size() < layers.size() ? ", ..." : "");
}

/// The free comparison that shows a change first: the lowest prompt, there the narrowest steps.
const ComparisonRecord* first_changed(const Record& record) {
  const ComparisonRecord* first = nullptr;
  for (const ComparisonRecord& c : record.comparisons) {
    if (c.routing == "routed" || !has_changes(c)) continue;
    if (first == nullptr || std::pair(c.prompt, c.width) < std::pair(first->prompt, first->width))
      first = &c;
  }
  return first;
}

std::string described(const ComparisonRecord& c) {
  std::string text =
      fmt::format("prompt {}, step {}", c.prompt, std::max<std::int64_t>(first_change_of(c), 0));
  if (c.width != 1) text += fmt::format(" in steps of {} tokens", c.width);
  if (!c.first_change) return text + ": another best token";
  return text + fmt::format(": patched says {}, baseline {}",
                            token_text(c.first_change->patched_text, c.first_change->patched_id),
                            token_text(c.first_change->baseline_text, c.first_change->baseline_id));
}

/// "margin 0.0021 is 0.4 sigma": of the routed pass, where both arms use the same experts; else the
/// free pass's margin alone, which a route tie may exceed by far.
std::string margin_text(const FidelityIndex& index, const ComparisonRecord& free) {
  const ComparisonRecord* routed = index.routed(free.prompt, free.width);
  const ReferenceRecord* reference = sigma_source(index, free.prompt);
  const bool same = routed != nullptr && routed->first_change && free.first_change &&
                    routed->first_change->position == free.first_change->position;
  if (same && reference != nullptr) {
    const double margin = routed->first_change->margin;
    return fmt::format("margin {:.2g} is {:.2g} sigma", margin, margin / sigma_of(*reference));
  }
  if (!free.first_change) return "";
  return fmt::format("margin {:.2g}, the same token with the baseline's experts",
                     free.first_change->margin);
}

/// Changes beyond the one that the sentence names.
std::string others_text(const Record& record, const ComparisonRecord& named) {
  double changes = 0;
  for (const ComparisonRecord& c : record.comparisons)
    if (c.routing != "routed") changes += static_cast<double>(c.argmax_changes);
  std::set<std::int64_t> prompts;
  for (const GenerationRecord& g : record.generations)
    if (first_divergence(g) >= 0) prompts.insert(g.prompt);
  std::string text;
  if (named.argmax_changes > 0 && changes > 1)
    text += changes == 2 ? "; one more change" : fmt::format("; {} more changes", changes - 1);
  if (!prompts.empty())
    text += fmt::format("; ids differ in {} of {} prompts", prompts.size(), record.prompts.size());
  return text;
}

}  // namespace

std::string route_ties_text(const Record& record) {
  std::vector<const RouteFlipRecord*> flips;
  for (const RouteFlipRecord& flip : record.route_flips) flips.push_back(&flip);
  const std::string text = described(flips);
  return text.empty() ? "" : ", " + text;
}

std::string tie_sentence(const FidelityIndex& index) {
  const Record& record = index.record();
  const ComparisonRecord* changed = first_changed(record);
  std::string text;
  if (changed == nullptr) {
    text = "best tokens change with the baseline's experts" + route_ties_text(record);
  } else {
    text = described(*changed);
    if (const std::string margin = margin_text(index, *changed); !margin.empty())
      text += "; " + margin;
    const std::string flips = described(index.flips(changed->prompt, changed->width));
    if (!flips.empty()) text += ", " + flips;
    text += others_text(record, *changed);
  }
  return text + "; " + nearer_sites_text(record) + ": a tie, not a defect";
}

}  // namespace fidelio
