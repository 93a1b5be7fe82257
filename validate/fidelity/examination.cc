#include "validate/fidelity/examination.h"

#include <fmt/format.h>

#include <algorithm>

#include "capsules/site_rules.h"
#include "validate/fidelity/compare_logits.h"
#include "validate/fidelity/site_tests.h"

namespace fidelio {
namespace {

/// Positions that widths above 1 look at, and the site pass where no logit differs; width 1 looks
/// at all.
constexpr std::size_t kWidePositions = 256;
/// Rows of a width above 1 that are evaluated in float64.
constexpr std::size_t kWideSamples = 2;

/// What tells a bad row of a failed site: where the pool fails its rows do, else a far one.
double row_limit_of(const SiteRecord& site) {
  const bool pool_fails = !(site.e_patched <= site_limit(site));
  return pool_fails ? site_limit(site) : worst_row_limit(site);
}

std::string steps_text(std::int64_t width) {
  return fmt::format("{} token{} a step", width, width == 1 ? "" : "s");
}

}  // namespace

Examination::Examination(const LoadedModel& model, const RunOptions& options, Arm& baseline,
                         Arm& patched, const KernelTable& baseline_kernels, const RopeTable& rope,
                         ThreadTeam& team, Record& record, Progress& progress)
    : model_(model),
      options_(options),
      baseline_(baseline),
      patched_(patched),
      baseline_kernels_(baseline_kernels),
      rope_(rope),
      team_(team),
      record_(record),
      progress_(progress),
      sites_(baseline, patched),
      disputed_(record.prompts.size()) {}

std::int64_t Examination::work(const RunOptions& options, std::size_t n_prompts) {
  return static_cast<std::int64_t>(n_prompts) *
         (2 * static_cast<std::int64_t>(options.widths.size()) + 1);
}

void Examination::run() {
  keep(Cache::Keep::everything);  // references start again in the middle
  for (std::size_t prompt = 0; prompt < record_.prompts.size(); ++prompt) {
    for (const std::int64_t width : options_.widths) compare(prompt, width);
    for (const std::int64_t width : options_.widths) pass_sites(prompt, width);
  }
  test_sites();
  measure_references();
  keep(Cache::Keep::needed);
}

void Examination::keep(Cache::Keep keep) {
  baseline_.decoder().set_keep(keep);
  patched_.decoder().set_keep(keep);
}

LockstepInput Examination::input_of(std::size_t prompt, std::int64_t width) const {
  const std::vector<std::int32_t>& ids = record_.generations[prompt].baseline.ids;
  const std::size_t n = width == 1 ? ids.size() : std::min(ids.size(), kWidePositions);
  return {static_cast<std::int64_t>(prompt), record_.prompts[prompt].ids, std::span(ids).first(n),
          width, options_.prefill_chunk};
}

void Examination::compare(std::size_t prompt, std::int64_t width) {
  progress_.phase("comparing logits, " + steps_text(width));
  const Tokenizer* tokenizer = model_.tokenizer ? &*model_.tokenizer : nullptr;
  const LockstepInput input = input_of(prompt, width);
  record_.comparisons.push_back(
      compare_free(baseline_, patched_, input, tokenizer, record_.faults));
  progress_.advance();
  if (record_.comparisons.back().differing_positions == 0) return;
  const std::size_t flips = record_.route_flips.size();
  record_.comparisons.push_back(
      compare_routed(baseline_, patched_, input, tokenizer, record_.route_flips));
  const ComparisonRecord& routed = record_.comparisons.back();
  const auto dispute = [&](std::int64_t row) {
    disputed_[prompt].insert(input.first_position() + static_cast<std::size_t>(row));
  };
  for (const auto& change : {routed.first_change, routed.widest_change})
    if (change) dispute(change->position);
  // References evaluate rows that are compared: none of the prompt's flips.
  for (std::size_t f = flips; f < record_.route_flips.size(); ++f)
    if (record_.route_flips[f].position >= 0) dispute(record_.route_flips[f].position);
}

void Examination::pass_sites(std::size_t prompt, std::int64_t width) {
  progress_.phase("checking sites, " + steps_text(width));
  LockstepInput input = input_of(prompt, width);
  const auto same = [&](const ComparisonRecord& c) {
    return c.prompt != input.prompt_index || c.width != width || c.differing_positions == 0;
  };
  if (std::all_of(record_.comparisons.begin(), record_.comparisons.end(), same))
    input.ids = input.ids.first(std::min(input.ids.size(), kWidePositions));
  const auto samples = static_cast<std::size_t>(options_.sampled_steps);
  sites_.run(input, spread(input.first_position(), input.n_rows(),
                           width == 1 ? samples : std::min(samples, kWideSamples)));
  progress_.advance();
}

bool Examination::all_bit_exact() const {
  const auto& sites = sites_.tallies();
  return std::all_of(sites.begin(), sites.end(), [](const auto& entry) {
    return entry.second.numerics == Numerics::bit_exact;
  });
}

void Examination::test_sites() {
  const ClassReference reference(model_, rope_, baseline_kernels_, team_);
  std::vector<SiteTally*> in_order;
  for (auto& [name, site] : sites_.tallies()) in_order.push_back(&site);
  std::sort(in_order.begin(), in_order.end(),
            [](const SiteTally* a, const SiteTally* b) { return a->order < b->order; });
  for (SiteTally* site : in_order) {
    progress_.phase(fmt::format("float64: %{}", site->record.site));
    if (site->numerics != Numerics::bit_exact) test_site(reference, model_.graph, *site);
  }
  locate_failures(reference);
  for (const SiteTally* site : in_order) record_.sites.push_back(site->record);
}

void Examination::locate_failures(const ClassReference& reference) {
  SitePass again(baseline_, patched_);
  for (auto& [name, site] : sites_.tallies()) {
    const std::string failure = site_failure(site.record);
    if (failure == "differing bits") site.record.first_failure = site.record.first_difference;
    if (failure == "wrong experts") site.record.first_failure = site.first_wrong;
    // What is a limit from the truth is at least half of it from the baseline, which holds the
    // test.
    if (failure == "site test") again.suspect(name, row_limit_of(site.record) / 2);
  }
  if (!again.suspects_any()) return;
  for (std::size_t prompt = 0; prompt < record_.prompts.size(); ++prompt) {
    for (const std::int64_t width : options_.widths) again.run(input_of(prompt, width), {});
  }
  for (auto& [name, site] : sites_.tallies()) {
    if (site_failure(site.record) != "site test") continue;
    SiteTally& suspected = again.tallies().at(name);
    suspected.record = site.record;
    site.record.first_failure =
        first_failing_suspect(reference, model_.graph, suspected, row_limit_of(site.record));
  }
}

void Examination::measure_references() {
  const bool needed = !all_bit_exact();
  References references(model_, rope_, team_, sites_.tallies());
  for (std::size_t prompt = 0; prompt < record_.prompts.size(); ++prompt) {
    if (needed) {
      progress_.phase("float64: logits");
      record_.references.push_back(
          references.measure(baseline_, patched_, input_of(prompt, 1),
                             static_cast<std::size_t>(options_.sampled_steps), disputed_[prompt]));
    }
    progress_.advance();
  }
  if (needed) record_.router_noise = references.router_noise();
}

}  // namespace fidelio
