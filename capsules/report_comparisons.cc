// Both arms on the baseline's tokens: where they differ, by how much, and how far the baseline
// itself lies from the truth.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>
#include <vector>

#include "capsules/fidelity_index.h"
#include "capsules/report_sections.h"
#include "capsules/tie_rules.h"

namespace fidelio {
namespace {

constexpr std::size_t kMaxRows = 40;

std::vector<std::string> row_of(const ComparisonRecord& c) {
  const MetricsRecord& m = c.metrics;
  return {std::to_string(c.prompt),
          std::to_string(c.width),
          c.routing,
          fmt::format("{} of {}", c.differing_positions, c.positions),
          fmt::format("{:.3g}", c.max_abs_err),
          std::to_string(c.argmax_changes),
          c.routing == "routed" ? std::to_string(c.route_flips) : "-",
          fmt::format("{:.2g}", m.mean_kld),
          fmt::format("{:.2g}", m.kld_99_9),
          fmt::format("{:.2g}", m.maximum_kld),
          fmt::format("{:.2g}%", 100 * m.rms_delta_p),
          fmt::format("{:.4g}%", 100 * m.same_top_p),
          fmt::format("{:.5f}", m.ppl_ratio)};
}

/// "6 comparisons bitwise equal: 128 positions, steps of 1, 2, 5 tokens"; empty for none.
std::string equal_comparisons_text(const Record& record) {
  double positions = 0;  // counts of an untrusted file may overflow an integer
  std::int64_t comparisons = 0;
  std::set<std::int64_t> widths;
  for (const ComparisonRecord& c : record.comparisons) {
    if (c.routing == "routed" || differs(c)) continue;
    ++comparisons;
    positions += static_cast<double>(c.positions);
    widths.insert(c.width);
  }
  if (comparisons == 0) return "";
  return fmt::format("{} {} bitwise equal: {} positions, steps of {} tokens", comparisons,
                     comparisons == 1 ? "comparison" : "comparisons", positions,
                     fmt::join(widths, ", "));
}

/// By prompt and width, the free one before the routed.
std::vector<const ComparisonRecord*> differing_comparisons(const Record& record) {
  std::vector<const ComparisonRecord*> out;
  for (const ComparisonRecord& c : record.comparisons)
    if (differs(c)) out.push_back(&c);
  const auto key = [](const ComparisonRecord* c) {
    return std::tuple(c->prompt, c->width, c->routing == "routed");
  };
  std::stable_sort(out.begin(), out.end(),
                   [&](const auto* a, const auto* b) { return key(a) < key(b); });
  return out;
}

std::string reference_text(const ReferenceRecord& r) {
  std::string text = fmt::format(
      "prompt {}, logits against {} over {} steps: E(baseline) {:.2g}, E(naive) {:.2g}, "
      "E(patched) {:.2g}",
      r.prompt, r.reference, r.steps, r.e_baseline, r.e_naive, r.e_patched);
  if (r.steps < kMinSigmaSteps)
    return text + fmt::format("; too few steps for sigma, which takes {}", kMinSigmaSteps);
  return text + fmt::format("; sigma of a margin {:.2g}", sigma_of(r));
}

}  // namespace

ReportSection fidelity_section(const Record& record) {
  ReportSection out{"Fidelity", {}, {}};
  if (std::string equal = equal_comparisons_text(record); !equal.empty())
    out.lines.push_back(std::move(equal));
  const std::vector<const ComparisonRecord*> differing = differing_comparisons(record);
  if (!differing.empty())
    out.table.push_back({"prompt", "tokens a step", "experts", "differing", "max abs err",
                         "token changes", "route flips", "mean KLD", "99.9% KLD", "max KLD",
                         "RMS dp", "same top p", "PPL ratio"});
  for (std::size_t i = 0; i < std::min(differing.size(), kMaxRows); ++i)
    out.table.push_back(row_of(*differing[i]));
  if (differing.size() > kMaxRows)
    out.lines.push_back(fmt::format("{} more comparisons differ", differing.size() - kMaxRows));
  for (const ReferenceRecord& r : record.references) out.lines.push_back(reference_text(r));
  return out;
}

}  // namespace fidelio
