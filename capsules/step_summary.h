// The gate's outcome and the report as Markdown for a CI system's summary page, cut to what it
// takes. Where the page is belongs to the commands.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "capsules/gate.h"

namespace fidelio {

/// GitHub refuses a step's summary above this size as a whole.
inline constexpr std::size_t kMaxSummaryBytes = std::size_t{1} << 20U;

/// A heading with the outcome, a table of every case, then the report of every record; at most
/// `limit` bytes: what does not fit is left out from a heading on, and the last line says so.
std::string step_summary(const std::vector<GateResult>& results, const std::vector<Record>& records,
                         std::size_t limit = kMaxSummaryBytes);

}  // namespace fidelio
