// The site test of design: how far baseline, naive evaluation and patched arm lie from the class
// reference, over the rows that a site pass kept. Whether that passes is capsules/verdict.h.
#pragma once

#include "validate/fidelity/class_reference.h"

namespace fidelio {

/// Fills the figures of a site that is not bit_exact.
void test_site(const ClassReference& reference, const Graph& baseline, SiteTally& site);

/// The first of a failed site's suspects whose error is above `limit`.
std::optional<SitePointRecord> first_failing_suspect(const ClassReference& reference,
                                                     const Graph& baseline, const SiteTally& site,
                                                     double limit);

}  // namespace fidelio
