#include "capsules/fidelity_index.h"

#include <algorithm>
#include <iterator>

namespace fidelio {
namespace {

template <class Map>
auto find_in(const Map& map, const typename Map::key_type& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : found->second;
}

NumericsClass class_named(const std::string& name) {
  if (name == "bit_exact") return NumericsClass::bit_exact;
  return name == "reassociated" ? NumericsClass::reassociated : NumericsClass::approximate;
}

}  // namespace

bool was_applied(const PatchRecord& patch) { return patch.sites_applied > 0 || patch.calls > 0; }

NumericsClass class_of_run(const Record& record) {
  NumericsClass weakest = NumericsClass::bit_exact;
  for (const PatchRecord& patch : record.patches)
    if (was_applied(patch)) weakest = std::max(weakest, class_named(patch.numerics));
  return weakest;
}

bool differs(const ComparisonRecord& c) {
  return c.differing_positions > 0 || c.first_difference.has_value() || !(c.max_abs_err <= 0) ||
         c.baseline_logit_xxh3_128 != c.patched_logit_xxh3_128 || has_changes(c) ||
         c.route_flips > 0;
}

bool has_changes(const ComparisonRecord& c) {
  return c.argmax_changes > 0 || c.first_argmax_change.has_value();
}

std::int64_t first_change_of(const ComparisonRecord& c) {
  if (c.first_argmax_change) return *c.first_argmax_change;
  return c.first_change ? c.first_change->position : -1;
}

std::int64_t first_divergence(const GenerationRecord& g) {
  if (g.baseline.ids == g.patched.ids) return -1;
  const auto [b, p] = std::mismatch(g.baseline.ids.begin(), g.baseline.ids.end(),
                                    g.patched.ids.begin(), g.patched.ids.end());
  return std::distance(g.baseline.ids.begin(), b);
}

FidelityIndex::FidelityIndex(const Record& record)
    : record_(record), numerics_(class_of_run(record)) {
  for (const ComparisonRecord& c : record.comparisons)
    (c.routing == "routed" ? routed_ : free_).emplace(PromptAndWidth(c.prompt, c.width), &c);
  for (const RouteFlipRecord& flip : record.route_flips)
    flips_[{flip.prompt, flip.width}].push_back(&flip);
  for (const GenerationRecord& g : record.generations) generations_.emplace(g.prompt, &g);
  for (const RouterNoiseRecord& noise : record.router_noise) noise_.emplace(noise.layer, &noise);
  for (const ReferenceRecord& r : record.references) references_.emplace(r.prompt, &r);
}

const ComparisonRecord* FidelityIndex::free(std::int64_t prompt, std::int64_t width) const {
  return find_in(free_, {prompt, width});
}

const ComparisonRecord* FidelityIndex::routed(std::int64_t prompt, std::int64_t width) const {
  return find_in(routed_, {prompt, width});
}

const GenerationRecord* FidelityIndex::generation(std::int64_t prompt) const {
  return find_in(generations_, prompt);
}

const RouterNoiseRecord* FidelityIndex::noise(std::int64_t layer) const {
  return find_in(noise_, layer);
}

const ReferenceRecord* FidelityIndex::reference(std::int64_t prompt) const {
  return find_in(references_, prompt);
}

const std::vector<const RouteFlipRecord*>& FidelityIndex::flips(std::int64_t prompt,
                                                                std::int64_t width) const {
  static const std::vector<const RouteFlipRecord*> kNone;
  const auto found = flips_.find({prompt, width});
  return found == flips_.end() ? kNone : found->second;
}

}  // namespace fidelio
