// The report for a terminal.
#include <algorithm>

#include "capsules/printable.h"
#include "capsules/report.h"
#include "capsules/report_figures.h"

namespace fidelio {
namespace {

/// How many columns a terminal gives to UTF-8 text without wide characters.
std::size_t columns(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string aligned(Cells table, const std::string& indent) {
  for (auto& row : table)
    for (std::string& cell : row) cell = printable(cell);
  std::vector<std::size_t> widths(table.empty() ? 0 : table[0].size(), 0);
  for (const auto& row : table) {
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], columns(row[c]));
  }
  std::string text;
  for (const auto& row : table) {
    std::string line = indent;
    for (std::size_t c = 0; c < row.size(); ++c)
      line += row[c] + std::string(widths[c] - columns(row[c]) + 2, ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string painted(const VerdictRecord& verdict, bool colour) {
  const std::string line = printable(verdict_line(verdict));
  if (!colour) return line;
  const char* code = verdict.exit_code == 0   ? "\033[32m"
                     : verdict.exit_code == 4 ? "\033[33m"
                                              : "\033[31m";
  return code + line + "\033[0m";
}

}  // namespace

std::string text_report(const std::vector<Record>& records, bool colour) {
  Cells summary = {summary_header()};
  std::vector<ReportFigures> all;
  for (const Record& record : records) {
    all.push_back(report_figures(record));
    summary.push_back(all.back().summary_row);
  }
  std::string text = aligned(summary, "");
  for (const ReportFigures& figures : all) {
    text += "\n";
    for (const ReportSection& section : figures.sections) {
      text += section.title + "\n";
      for (const std::string& line : section.lines) text += "  " + printable(line) + "\n";
      text += aligned(section.table, "  ");
    }
    text += "\n" + painted(figures.verdict, colour) + "\n";
  }
  return text;
}

}  // namespace fidelio
