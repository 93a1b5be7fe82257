#include "capsules/html_blocks.h"

#include <fmt/format.h>

#include <algorithm>

namespace fidelio {
namespace {

Markup cell(const char* name, const Attributes& attributes, const std::string& text) {
  return element(name, attributes, clipped(text, kMaxHtmlCell));
}

/// Figures and names stay on one line; texts may be broken.
Attributes cell_style(const std::string& text) {
  constexpr std::size_t kOneLine = 28;  // "0.708x (0.694 to 0.716)" and a little more
  if (text.size() <= kOneLine) return {};
  return {{"class", "long"}};
}

Markup row_of(const std::vector<std::string>& cells, bool header, bool row_names) {
  Markup row;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (header) {
      row += cell("th", {{"scope", "col"}}, cells[i]);
    } else if (row_names && i == 0) {
      row += cell("th", {{"scope", "row"}}, cells[i]);
    } else {
      row += cell("td", cell_style(cells[i]), cells[i]);
    }
  }
  return element("tr", {}, row);
}

}  // namespace

std::string left_out_text(std::size_t shown, std::size_t all, const char* of_what) {
  if (shown >= all) return "";
  return fmt::format("the first {} of {} {} are shown", shown, all, of_what);
}

Markup section_block(const std::string& title, const Markup& content) {
  Markup inner = element("h3", {}, clipped(title, kMaxHtmlCell));
  inner += content;
  return element("section", {}, inner);
}

Markup paragraph(const std::string& text) { return element("p", {}, clipped(text, kMaxHtmlText)); }

Markup list_block(const std::vector<std::string>& lines) {
  if (lines.empty()) return {};
  Markup items;
  const std::size_t shown = std::min(lines.size(), kMaxHtmlLines);
  for (std::size_t i = 0; i < shown; ++i)
    items += element("li", {}, clipped(lines[i], kMaxHtmlText));
  if (shown < lines.size()) items += element("li", {}, left_out_text(shown, lines.size(), "lines"));
  return element("ul", {}, items);
}

Markup table_block(const Cells& table, const std::string& name, bool row_names) {
  if (table.empty()) return {};
  Markup rows;
  const std::size_t shown = std::min(table.size(), kMaxHtmlRows + 1);
  for (std::size_t r = 1; r < shown; ++r) rows += row_of(table[r], false, row_names);
  Markup content = element("thead", {}, row_of(table[0], true, row_names));
  content += element("tbody", {}, rows);
  Markup out = element("div",
                       {{"class", "scroll"},
                        {"tabindex", "0"},
                        {"role", "region"},
                        {"aria-label", clipped(name, kMaxHtmlCell)}},
                       element("table", {}, content));
  if (shown < table.size()) out += paragraph(left_out_text(shown - 1, table.size() - 1, "rows"));
  return out;
}

Markup details_block(const std::string& summary, const Markup& content) {
  Markup inner = element("summary", {}, summary);
  inner += content;
  return element("details", {}, inner);
}

Markup figure_block(const Plot& plot, const std::string& caption,
                    const std::vector<LegendEntry>& legend) {
  Markup content = element("figcaption", {}, clipped(caption, kMaxHtmlText));
  content += plot.svg();
  Markup entries;
  for (const LegendEntry& entry : legend) {
    Markup item = swatch(entry.shape, entry.style);
    item += escaped(" " + entry.text);
    entries += element("li", {}, item);
  }
  if (!legend.empty()) content += element("ul", {{"class", "legend"}}, entries);
  return element("figure", {}, content);
}

Markup figures_block(const Markup& figures) {
  if (figures.empty()) return {};
  return element("div", {{"class", "figures"}}, figures);
}

}  // namespace fidelio
