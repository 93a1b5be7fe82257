// The figures of a report, computed once and rendered as text or Markdown.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "capsules/record.h"
#include "capsules/timing.h"

namespace fidelio {

/// A table as text cells, header first.
using Cells = std::vector<std::vector<std::string>>;

struct ReportSection {
  std::string title;
  std::vector<std::string> lines;
  Cells table;  ///< empty: no table
};

struct ReportFigures {
  VerdictRecord verdict;
  std::vector<std::string> summary_row;  ///< under summary_header()
  std::vector<ReportSection> sections;
};

/// model, base prompt, patched prompt, base decode, patched decode, speedup, fidelity, peak memory.
std::vector<std::string> summary_header();

ReportFigures report_figures(const Record& record);

/// "VERDICT EXACT, decode improvement, prefill neutral: ..."
std::string verdict_line(const VerdictRecord& verdict);

/// "5.7 MiB".
std::string bytes_text(double bytes);

}  // namespace fidelio
