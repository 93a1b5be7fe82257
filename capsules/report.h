// Reports from records: one set of figures, several renderers. Every report computes the verdict
// again.
#pragma once

#include <string>
#include <vector>

#include "capsules/record.h"

namespace fidelio {

/// For a terminal; `colour` paints the verdict. The last line is the last record's verdict.
std::string text_report(const std::vector<Record>& records, bool colour);

/// The same as Markdown, for a pull request.
std::string markdown_report(const std::vector<Record>& records);

/// One line a run, with a header; RFC 4180.
std::string csv_report(const std::vector<Record>& records);

}  // namespace fidelio
