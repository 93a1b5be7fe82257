#include "validate/fidelity/site_tests.h"

#include <algorithm>
#include <set>

#include "capsules/site_rules.h"

namespace fidelio {
namespace {

/// A site's results at one row, by who computed them.
struct RowResults {
  const SiteSample* sample;
  SiteResult reference;
  SiteResult baseline;
  SiteResult naive;
  SiteResult patched;
};

std::set<std::int32_t> set_of(const std::vector<std::int32_t>& ids) {
  return {ids.begin(), ids.end()};
}

std::vector<double> numbers(const SiteResult& result, std::size_t n_experts) {
  return comparable(result.floats, result.ids, n_experts);
}

/// Error norms of the three evaluations against the reference.
struct Errors {
  ErrorNorm baseline;
  ErrorNorm naive;
  ErrorNorm patched;

  void add(const RowResults& row, std::size_t n_experts) {
    const std::vector<double> reference = numbers(row.reference, n_experts);
    baseline.add(numbers(row.baseline, n_experts), reference);
    naive.add(numbers(row.naive, n_experts), reference);
    patched.add(numbers(row.patched, n_experts), reference);
  }
};

std::vector<RowResults> evaluate(const ClassReference& reference, const Graph& graph,
                                 const SiteTally& site,
                                 const std::vector<const SiteSample*>& samples) {
  std::vector<RowResults> rows;
  if (samples.empty()) return rows;
  const std::vector<SiteResult> truth = reference.truth(site, samples);
  const std::vector<SiteResult> naive = reference.naive(site, samples);
  const std::vector<SiteResult> baseline = reference.baseline(site, samples);
  for (std::size_t s = 0; s < samples.size(); ++s) {
    rows.push_back(
        {samples[s], truth[s], baseline[s], naive[s], result_of(graph, site, samples[s]->patched)});
  }
  return rows;
}

/// Router logits of the row and their number; empty for a site that chooses no experts.
std::vector<float> router_logits(const SiteTally& site, const RowResults& row) {
  if (row.patched.ids.empty()) return {};
  const auto at = std::find(site.fragment.inputs.begin(), site.fragment.inputs.end(), *site.x);
  return floats_of(row.sample->inputs[static_cast<std::size_t>(at - site.fragment.inputs.begin())]);
}

/// The figures of a row by itself.
void put_alone(const RowResults& row, std::size_t n_experts, double typical_row,
               SiteRecord& record) {
  const std::vector<double> reference = numbers(row.reference, n_experts);
  record.worst_e_baseline = row_error(numbers(row.baseline, n_experts), reference, typical_row);
  record.worst_e_naive = row_error(numbers(row.naive, n_experts), reference, typical_row);
  record.worst_e_patched = row_error(numbers(row.patched, n_experts), reference, typical_row);
}

}  // namespace

std::optional<SitePointRecord> first_failing_suspect(const ClassReference& reference,
                                                     const Graph& baseline, const SiteTally& site,
                                                     double limit) {
  std::vector<const SiteSample*> samples;
  for (const SiteSample& sample : site.suspects) samples.push_back(&sample);
  for (const RowResults& row : evaluate(reference, baseline, site, samples)) {
    SiteRecord alone = site.record;
    put_alone(row, router_logits(site, row).size(), site.sizes.typical_row(), alone);
    if (!(alone.worst_e_patched <= limit)) return row.sample->point;
  }
  return std::nullopt;
}

void test_site(const ClassReference& reference, const Graph& baseline, SiteTally& site) {
  SiteRecord& record = site.record;
  std::vector<const SiteSample*> samples;
  for (const SiteSample& sample : site.samples) samples.push_back(&sample);
  if (site.worst) samples.push_back(&*site.worst);
  const std::vector<RowResults> rows = evaluate(reference, baseline, site, samples);
  Errors pooled;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const RowResults& row = rows[r];
    const std::vector<float> logits = router_logits(site, row);
    if (!logits.empty()) {
      // Weights of other experts are not comparable, whoever chose them.
      const auto chosen = set_of(row.patched.ids);
      if (set_of(row.baseline.ids) != chosen || set_of(row.reference.ids) != chosen ||
          set_of(row.naive.ids) != chosen)
        continue;
    }
    ++record.sampled_rows;
    pooled.add(row, logits.size());
    if (!site.worst || r + 1 != rows.size()) continue;
    record.worst = site.worst->point;
    put_alone(row, logits.size(), pooled.baseline.typical_row(), record);
  }
  record.e_baseline = pooled.baseline.value();
  record.e_naive = pooled.naive.value();
  record.e_patched = pooled.patched.value();
}

}  // namespace fidelio
