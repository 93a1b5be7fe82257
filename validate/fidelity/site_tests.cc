#include "validate/fidelity/site_tests.h"

#include <algorithm>
#include <set>

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

/// Error norms of the three evaluations against the reference.
struct Errors {
  ErrorNorm baseline;
  ErrorNorm naive;
  ErrorNorm patched;

  void add(const RowResults& row, std::size_t n_experts) {
    const auto numbers = [n_experts](const SiteResult& result) {
      return comparable(result.floats, result.ids, n_experts);
    };
    const std::vector<double> reference = numbers(row.reference);
    baseline.add(numbers(row.baseline), reference);
    naive.add(numbers(row.naive), reference);
    patched.add(numbers(row.patched), reference);
  }
};

std::vector<RowResults> evaluate(const ClassReference& reference, const Graph& graph,
                                 const SiteTally& site) {
  std::vector<const SiteSample*> samples;
  for (const SiteSample& sample : site.samples) samples.push_back(&sample);
  if (site.worst) samples.push_back(&*site.worst);
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

}  // namespace

void test_site(const ClassReference& reference, const Graph& baseline, SiteTally& site) {
  SiteRecord& record = site.record;
  const std::vector<RowResults> rows = evaluate(reference, baseline, site);
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
    Errors alone;
    alone.add(row, logits.size());
    record.worst = site.worst->point;
    record.worst_e_baseline = alone.baseline.value();
    record.worst_e_naive = alone.naive.value();
    record.worst_e_patched = alone.patched.value();
  }
  record.e_baseline = pooled.baseline.value();
  record.e_naive = pooled.naive.value();
  record.e_patched = pooled.patched.value();
}

}  // namespace fidelio
