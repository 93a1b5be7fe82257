#include "capsules/site_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <string_view>

namespace fidelio {
namespace {

constexpr double kOneRounding = 0x1p-23;  ///< float32's distance from 1 to the next number

/// Twice the largest, and one rounding; NaN where any figure is not finite: an infinite limit would
/// pass everything.
double limit_of(std::initializer_list<double> errors) {
  double largest = 0;
  for (const double e : errors) {
    if (!std::isfinite(e)) return std::numeric_limits<double>::quiet_NaN();
    largest = std::max(largest, e);
  }
  return 2 * largest + kOneRounding;
}

/// "layer 3 %x (down_combine by patch down_combine, reassociated)".
std::string described(const SiteRecord& site) {
  const std::string by = site.patch.empty()
                             ? std::string("no patch here")
                             : fmt::format("by patch {}, {}", site.patch, site.numerics);
  const std::string place = site.layer < 0 ? "" : fmt::format("layer {} ", site.layer);
  return fmt::format("{}{} ({} {})", place, site_name(site.site), site.op, by);
}

/// "token 17 of prompt 0 in steps of 1"; of a point that is not there, that.
std::string described(const std::optional<SitePointRecord>& point) {
  if (!point) return "a place that the record does not say";
  return fmt::format("token {} of prompt {} in steps of {}", point->position, point->prompt,
                     point->width);
}

/// The classes that patches claim; a site cannot excuse itself by another one.
std::map<std::string_view, std::string_view> claims_of(const Record& record) {
  std::map<std::string_view, std::string_view> claims;
  for (const PatchRecord& patch : record.patches) claims.emplace(patch.name, patch.numerics);
  return claims;
}

}  // namespace

bool must_be_bit_exact(const SiteRecord& site) {
  return site.patch.empty() || site.numerics == "bit_exact";
}

double site_limit(const SiteRecord& site) { return limit_of({site.e_baseline, site.e_naive}); }

double worst_row_limit(const SiteRecord& site) {
  return kFarthestRow *
         limit_of({site.e_baseline, site.e_naive, site.worst_e_baseline, site.worst_e_naive});
}

std::string site_failure(const SiteRecord& site) {
  if (site.foreign_writes > 0) return "foreign writes";
  if (site.wrong_expert_rows > 0) return "wrong experts";
  if (must_be_bit_exact(site))
    return site.differing_rows > 0 || site.first_difference ? "differing bits" : "";
  if (site.sampled_rows == 0) return "";
  const bool holds =
      site.e_patched <= site_limit(site) && site.worst_e_patched <= worst_row_limit(site);
  return holds ? "" : "site test";
}

Finding find_differing_site(const Record& record) {
  const auto claims = claims_of(record);
  for (const SiteRecord& site : record.sites) {
    const auto claim = claims.find(site.patch);
    const bool patch_may_round = claim != claims.end() && claim->second != "bit_exact";
    if (patch_may_round && !must_be_bit_exact(site)) continue;
    const bool says_so = site.first_difference.has_value() && site.foreign_writes == 0;
    if (site.differing_rows == 0 && !says_so) continue;
    return {true,
            fmt::format("{}: {} of {} rows differ on the same inputs, first at {}", described(site),
                        site.differing_rows, site.rows, described(site.first_difference))};
  }
  return {false, "no site differs that must not"};
}

Finding find_failed_site(const Record& record) {
  for (const SiteRecord& site : record.sites) {
    if (site.foreign_writes > 0)
      return {true,
              fmt::format("{}: changed {} values that are not its own, first at {}",
                          described(site), site.foreign_writes, described(site.first_difference))};
    if (site.wrong_expert_rows > 0)
      return {true, fmt::format("{}: wrong experts in {} of {} rows on the same inputs, and no tie",
                                described(site), site.wrong_expert_rows, site.rows)};
    if (must_be_bit_exact(site) || site.sampled_rows == 0) continue;
    if (!(site.e_patched <= site_limit(site)))
      return {true,
              fmt::format("{}: error {:.3g} over {} rows, expected at most {:.3g} "
                          "(baseline {:.3g}, naive {:.3g}); farthest at {}",
                          described(site), site.e_patched, site.sampled_rows, site_limit(site),
                          site.e_baseline, site.e_naive, described(site.worst))};
    if (!(site.worst_e_patched <= worst_row_limit(site)))
      return {true, fmt::format("{}: error {:.3g} at {}, expected at most {:.3g} in one row "
                                "(baseline {:.3g}, naive {:.3g} there)",
                                described(site), site.worst_e_patched, described(site.worst),
                                worst_row_limit(site), site.worst_e_baseline, site.worst_e_naive)};
  }
  return {false, "every sampled site holds its test"};
}

NearerSites nearer_sites(const Record& record) {
  NearerSites out;
  for (const SiteRecord& site : record.sites) {
    if (must_be_bit_exact(site) || site.sampled_rows == 0) continue;
    ++out.sampled;
    if (site.e_patched < site.e_baseline) ++out.nearer;
  }
  return out;
}

std::string nearer_sites_text(const Record& record) {
  const NearerSites sites = nearer_sites(record);
  if (sites.sampled == 0) return "no site was held to the truth";
  return fmt::format("{} sites nearer to the truth than the baseline",
                     sites.nearer == sites.sampled
                         ? fmt::format("all {}", sites.sampled)
                         : fmt::format("{} of {}", sites.nearer, sites.sampled));
}

std::string site_name(const std::string& site) {
  return site.rfind('%', 0) == 0 ? site : "%" + site;
}

}  // namespace fidelio
