// The sites of patches against their class reference, and other choices of experts against the
// noise of their router. What is worst stands first.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "capsules/fidelity_index.h"
#include "capsules/report_sections.h"
#include "capsules/site_rules.h"
#include "capsules/tie_rules.h"

namespace fidelio {
namespace {

constexpr double kFails = std::numeric_limits<double>::infinity();
constexpr double kJustAbove = 1.0000000000000002;  ///< the number behind 1

/// What is no number sorts as a failure; what only rounding calls equal to its limit is above it.
double ratio_of(double figure, double limit) {
  if (figure == 0 && limit >= 0) return 0;
  if (figure > limit) return std::max(figure / limit, kJustAbove);
  if (!(figure <= limit)) return kFails;
  return figure / limit;
}

/// How much of its limits a site uses up; above 1 it fails.
double use_of(const SiteRecord& site) {
  if (site.wrong_expert_rows > 0) return kFails;
  if (must_be_bit_exact(site)) return site.differing_rows > 0 || site.first_difference ? kFails : 0;
  if (site.sampled_rows == 0) return 0;
  return std::max(ratio_of(site.e_patched, site_limit(site)),
                  ratio_of(site.worst_e_patched, worst_row_limit(site)));
}

const char* nearer_text(const SiteRecord& site) {
  if (must_be_bit_exact(site) || site.sampled_rows == 0) return "-";
  if (site.e_patched == site.e_baseline) return "equal";
  return site.e_patched < site.e_baseline ? "patched" : "baseline";
}

std::string use_text(double use) {
  return use == kFails ? "fails" : fmt::format("{:.2g}{}", use, use <= 1 ? "" : " fails");
}

std::vector<std::string> row_of(const SiteRecord& site) {
  const bool sampled = !must_be_bit_exact(site) && site.sampled_rows > 0;
  const auto error = [&](double e) { return sampled ? fmt::format("{:.2g}", e) : "-"; };
  return {site.layer < 0 ? "-" : std::to_string(site.layer),
          site_name(site.site),
          site.op,
          site.patch.empty() ? "-" : site.patch,
          fmt::format("{} of {}", site.differing_rows, site.rows),
          error(site.e_baseline),
          error(site.e_naive),
          error(site.e_patched),
          use_text(use_of(site)),
          nearer_text(site)};
}

/// Bit-exact sites without a difference need no row.
std::string equal_sites_text(const Record& record) {
  std::int64_t sites = 0;
  double rows = 0;  // counts of an untrusted file may overflow an integer
  for (const SiteRecord& site : record.sites) {
    if (!must_be_bit_exact(site) || use_of(site) > 0) continue;
    ++sites;
    rows += static_cast<double>(site.rows);
  }
  if (sites == 0) return "";
  return fmt::format("{} bit_exact {} equal on the same inputs: {} rows", sites,
                     sites == 1 ? "site" : "sites", rows);
}

struct NoisyFlip {
  const RouteFlipRecord* flip;
  const RouterNoiseRecord* noise;  ///< nullptr: not measured
  double ratio;                    ///< of gap to noise
};

std::vector<std::string> row_of(const NoisyFlip& f, double factor) {
  const RouteFlipRecord& flip = *f.flip;
  const bool tie = flip.gap <= factor * (f.noise == nullptr ? 0 : noise_of(*f.noise));
  return {std::to_string(flip.prompt),
          std::to_string(flip.width),
          std::to_string(flip.layer),
          std::to_string(flip.count),
          std::to_string(flip.position),
          fmt::format("{} for {}", fmt::join(flip.patched_experts, " "),
                      fmt::join(flip.baseline_experts, " ")),
          fmt::format("{:.2g}", flip.gap),
          f.noise == nullptr ? "-" : fmt::format("{:.2g}", noise_of(*f.noise)),
          f.noise == nullptr ? "not measured"
          : tie              ? "tie"
                             : "no tie"};
}

}  // namespace

ReportSection sites_section(const Record& record) {
  ReportSection out{"Sites, on the baseline's inputs", {}, {}};
  std::vector<const SiteRecord*> sites;
  for (const SiteRecord& site : record.sites)
    if (!must_be_bit_exact(site) || use_of(site) > 0) sites.push_back(&site);
  std::stable_sort(sites.begin(), sites.end(), [](const SiteRecord* a, const SiteRecord* b) {
    return use_of(*a) > use_of(*b);
  });
  if (std::string equal = equal_sites_text(record); !equal.empty())
    out.lines.push_back(std::move(equal));
  if (sites.empty()) return out;
  out.lines.push_back(nearer_sites_text(record));
  out.table.push_back({"layer", "site", "op", "patch", "differing rows", "E(baseline)", "E(naive)",
                       "E(patched)", "of the limit", "nearer"});
  for (std::size_t i = 0; i < std::min(sites.size(), kMaxReportRows); ++i)
    out.table.push_back(row_of(*sites[i]));
  if (sites.size() > kMaxReportRows)
    out.lines.push_back(fmt::format("the {} sites nearest to their limit; {} more are farther",
                                    kMaxReportRows, sites.size() - kMaxReportRows));
  return out;
}

ReportSection route_flips_section(const Record& record) {
  ReportSection out{"Route flips, with the baseline's experts", {}, {}};
  if (record.route_flips.empty()) return out;
  const FidelityIndex index(record);
  const double factor = flip_tie_factor(index.numerics());
  std::vector<NoisyFlip> flips;
  for (const RouteFlipRecord& flip : record.route_flips) {
    const RouterNoiseRecord* noise = noise_source(index, flip.layer);
    flips.push_back(
        {&flip, noise, noise == nullptr ? kFails : ratio_of(flip.gap, noise_of(*noise))});
  }
  std::stable_sort(flips.begin(), flips.end(),
                   [](const NoisyFlip& a, const NoisyFlip& b) { return a.ratio > b.ratio; });
  out.table.push_back({"prompt", "tokens a step", "layer", "rows", "widest at", "experts", "gap",
                       "noise", fmt::format("tie at {} x noise", factor)});
  for (std::size_t i = 0; i < std::min(flips.size(), kMaxReportRows); ++i)
    out.table.push_back(row_of(flips[i], factor));
  if (flips.size() > kMaxReportRows)
    out.lines.push_back(fmt::format("the {} widest; {} more layers and steps have narrower ones",
                                    kMaxReportRows, flips.size() - kMaxReportRows));
  return out;
}

}  // namespace fidelio
