// The site test: each site of a patch on the baseline's own inputs, against its class reference and
// against rounding that nobody would call a defect. Internal to capsules/.
#pragma once

#include <cstdint>
#include <string>

#include "capsules/finding.h"
#include "capsules/record.h"

namespace fidelio {

inline constexpr double kFarthestRow = 8;

/// A site that must give the baseline's bits: no patch was there, or it claims them.
bool must_be_bit_exact(const SiteRecord& site);

/// 2 max(e_baseline, e_naive) + 2^-23: what E(patched) may be, pooled over the sampled rows. NaN
/// where a figure is none.
double site_limit(const SiteRecord& site);

/// What the farthest of all rows may be by itself: kFarthestRow times that, with its own figures
/// among the errors. Of thousands of rows, some with a single number in them, one lies several
/// standard deviations out; a defect that is rare lies orders of magnitude out.
double worst_row_limit(const SiteRecord& site);

/// What a site does that it must not: "differing bits", "wrong experts", "site test"; "" for
/// nothing.
std::string site_failure(const SiteRecord& site);

/// A bit that differs on the same inputs at a site that must not: the site says so, or its patch
/// does, or there is no such patch.
Finding find_differing_site(const Record& record);

/// E(patched) above its limit, pooled or in the farthest row; experts that are wrong and no tie.
/// Written so that a figure that is no number fails.
Finding find_failed_site(const Record& record);

/// How many of the sites held to a reference lie nearer to it than the baseline does.
struct NearerSites {
  std::int64_t nearer = 0;
  std::int64_t sampled = 0;
};
NearerSites nearer_sites(const Record& record);

/// "31 of 48 sites nearer to the truth than the baseline"; "all 48 sites ...".
std::string nearer_sites_text(const Record& record);

/// "%x" with the sign of the graph's text exactly once.
std::string site_name(const std::string& site);

}  // namespace fidelio
