// The blocks that the HTML report is made of: sections, tables, lists, figures. Each is bounded,
// since a capsule may hold anything, and says what it leaves out. What they say belongs to the
// other html_*.cc files. Internal to capsules/.
#pragma once

#include <string>
#include <vector>

#include "capsules/report_figures.h"
#include "capsules/svg_plot.h"

namespace fidelio {

inline constexpr std::size_t kMaxHtmlRows = 60;
inline constexpr std::size_t kMaxHtmlLines = 40;
inline constexpr std::size_t kMaxHtmlText = 1200;  ///< bytes of a line of text
inline constexpr std::size_t kMaxHtmlCell = 300;
inline constexpr std::size_t kMaxHtmlPrompts = 6;  ///< that have plots of their own
inline constexpr std::size_t kMaxHtmlMarks = 200;  ///< of a plot's series

/// "the first 200 of 450 pairs are drawn"; "" where all are.
std::string left_out_text(std::size_t shown, std::size_t all, const char* of_what);

/// A heading and what stands under it.
Markup section_block(const std::string& title, const Markup& content);

Markup paragraph(const std::string& text);
Markup list_block(const std::vector<std::string>& lines);

/// The first row is the header. `name` says to a screen reader what the table holds; with
/// `row_names` the first cell of each row is its heading.
Markup table_block(const Cells& table, const std::string& name, bool row_names = false);

/// Closed until somebody asks.
Markup details_block(const std::string& summary, const Markup& content);

struct LegendEntry {
  Shape shape;
  const char* style;
  std::string text;
};

Markup figure_block(const Plot& plot, const std::string& caption,
                    const std::vector<LegendEntry>& legend);

/// Figures beside each other where there is room.
Markup figures_block(const Markup& figures);

}  // namespace fidelio
