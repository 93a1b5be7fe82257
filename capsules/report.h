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

/// A page that needs no other file and no network: UTF-8, and well-formed as XML too. `names` has
/// one entry a record: its capsule's file. However large a capsule, its share of the page is
/// bounded.
std::string html_report(const std::vector<Record>& records, const std::vector<std::string>& names);

}  // namespace fidelio
