// The report as Markdown.
#include <string_view>

#include "capsules/printable.h"
#include "capsules/report.h"
#include "capsules/report_figures.h"

namespace fidelio {
namespace {

/// On one line, and without what Markdown or HTML would act on: links, emphasis, tags.
std::string escaped(const std::string& cell) {
  constexpr std::string_view kSpecial = "|\\<>`*_[]&~";
  std::string out;
  for (const char c : printable(cell)) {
    if (kSpecial.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string table_text(const Cells& table) {
  std::string text;
  for (std::size_t r = 0; r < table.size(); ++r) {
    text += "|";
    for (const std::string& cell : table[r]) text += " " + escaped(cell) + " |";
    text += "\n";
    if (r > 0) continue;
    text += "|";
    for (std::size_t c = 0; c < table[r].size(); ++c) text += "---|";
    text += "\n";
  }
  return text;
}

}  // namespace

std::string markdown_report(const std::vector<Record>& records) {
  Cells summary = {summary_header()};
  std::string details;
  for (const Record& record : records) {
    const ReportFigures figures = report_figures(record);
    summary.push_back(figures.summary_row);
    for (const ReportSection& section : figures.sections) {
      details += "\n### " + section.title + "\n\n";
      for (const std::string& line : section.lines) details += "- " + escaped(line) + "\n";
      if (!section.table.empty())
        details += (section.lines.empty() ? "" : "\n") + table_text(section.table);
    }
    details += "\n**" + escaped(verdict_line(figures.verdict)) + "**\n";
  }
  return table_text(summary) + details;
}

}  // namespace fidelio
