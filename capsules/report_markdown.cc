// The report as Markdown.
#include "capsules/markdown.h"
#include "capsules/report.h"

namespace fidelio {

std::string markdown_report(const std::vector<Record>& records) {
  Cells summary = {summary_header()};
  std::string details;
  for (const Record& record : records) {
    const ReportFigures figures = report_figures(record);
    summary.push_back(figures.summary_row);
    for (const ReportSection& section : figures.sections) {
      details += "\n### " + section.title + "\n\n";
      for (const std::string& line : section.lines) details += "- " + markdown_escaped(line) + "\n";
      if (!section.table.empty())
        details += (section.lines.empty() ? "" : "\n") + markdown_table(section.table);
    }
    details += "\n**" + markdown_escaped(verdict_line(figures.verdict)) + "**\n";
  }
  return markdown_table(summary) + details;
}

}  // namespace fidelio
