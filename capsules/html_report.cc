// The HTML report: one file that needs nothing else, and whose content security policy loads and
// runs nothing. The verdict first, then figures, then the sections of the other reports.
#include <fmt/format.h>

#include "capsules/html_sections.h"
#include "capsules/html_style.h"
#include "capsules/report.h"

namespace fidelio {
namespace {

Markup sections_of(const Record& record, const ReportFigures& figures, const std::string& id) {
  Markup out = pairs_part(record, id);
  out += throughput_part(record, id);
  out += tokens_part(record, id);
  out += layers_part(record, id);
  for (const ReportSection& section : figures.sections) {
    if (section.title == "Environment") continue;  // in full below
    Markup content = list_block(section.lines);
    content += table_block(section.table, section.title);
    out += section_block(section.title, content);
    if (section.title == "Patches") out += refusals_part(record);
  }
  out += environment_part(record);
  return out;
}

Markup article_of(const Record& record, const ReportFigures& figures, const std::string& name,
                  const std::string& id) {
  Markup content = element("h2", {}, clipped(record.model.id, kMaxHtmlCell));
  content += paragraph(fmt::format("{}, {}", name, record.created));
  content += verdict_block(figures.verdict, judge_timing(record, Phase::decode),
                           judge_timing(record, Phase::prefill));
  content += table_block({summary_header(), figures.summary_row}, "Summary");
  content += sections_of(record, figures, id);
  return element("article", {{"id", id}}, content);
}

/// One row a capsule, its name leading to its article.
Markup overview(const std::vector<ReportFigures>& all, const std::vector<std::string>& names) {
  Markup head = element("th", {{"scope", "col"}}, "capsule");
  for (const std::string& cell : summary_header()) head += element("th", {{"scope", "col"}}, cell);
  Markup rows;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Markup link = element("a", {{"href", fmt::format("#capsule-{}", i + 1)}},
                                clipped(names[i], kMaxHtmlCell));
    Markup row = element("th", {{"scope", "row"}}, link);
    for (const std::string& cell : all[i].summary_row)
      row += element("td", {}, clipped(cell, kMaxHtmlCell));
    rows += element("tr", {}, row);
  }
  Markup table = element("thead", {}, element("tr", {}, head));
  table += element("tbody", {}, rows);
  Markup scroll = element(
      "div",
      {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "Overview"}},
      element("table", {}, table));
  return element("nav", {{"aria-label", "Capsules"}}, scroll);
}

Markup head_of(const std::string& title) {
  Markup head = leaf("meta", {{"charset", "utf-8"}});
  head += leaf("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  head += leaf("meta", {{"http-equiv", "Content-Security-Policy"},
                        {"content", "default-src 'none'; style-src 'unsafe-inline'"}});
  head += element("title", {}, title);
  head += html_style();
  return element("head", {}, head);
}

}  // namespace

std::string html_report(const std::vector<Record>& records, const std::vector<std::string>& names) {
  std::vector<ReportFigures> all;
  for (const Record& record : records) all.push_back(report_figures(record));
  Markup main;
  if (records.size() > 1) main += overview(all, names);
  for (std::size_t i = 0; i < records.size(); ++i)
    main += article_of(records[i], all[i], names[i], fmt::format("capsule-{}", i + 1));
  const std::string title = records.size() == 1
                                ? fmt::format("{} {} - Fidelio", all[0].verdict.fidelity,
                                              clipped(records[0].model.id, kMaxHtmlCell))
                                : fmt::format("{} capsules - Fidelio", records.size());
  Markup body = element("header", {}, element("h1", {}, "Fidelio report"));
  body += element("main", {}, main);
  body += element("footer", {},
                  "Computed from the capsules alone; the stored verdicts are not read. Figures "
                  "under the pointer; capsules hold all of them.");
  Markup page = head_of(title);
  page += element("body", {}, body);
  return "<!DOCTYPE html>\n" + element("html", {{"lang", "en"}}, page).text() + "\n";
}

}  // namespace fidelio
