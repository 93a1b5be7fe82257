// One plot as inline SVG: axes, lines, bands and marks in the page's colours, told apart by shape
// as well. What a plot shows belongs to the html_*.cc files. Internal to capsules/.
#pragma once

#include <cstdint>
#include <string>

#include "capsules/markup.h"
#include "capsules/svg_axis.h"

namespace fidelio {

enum class Shape : std::uint8_t { circle, square, triangle, diamond, dash, line };

/// Where a mark stands, how it looks, and what it says: `style` is a class of html_style.cc, `note`
/// the text under a pointer, `data` the figures for programs.
struct Mark {
  double x = 0;
  double y = 0;
  Shape shape = Shape::circle;
  const char* style = "";
  std::string note;
  Attributes data;
};

struct PlotText {
  std::string id;           ///< unique on the page
  std::string title;        ///< what is shown
  std::string description;  ///< what there is to see, for those who cannot
};

class Plot {
 public:
  /// `left` is the room for the labels of y, `height` that of the whole, in units of which a plot
  /// is kPlotWidth wide.
  Plot(PlotText text, Axis x, Axis y, double left = 52, double height = 250);

  /// Across the plot at y. Not drawn where that is no finite number.
  void line_at(double y, const char* style);
  /// Upright, at x.
  void mark_at(double x, const char* style);
  /// From y `low` to `high`.
  void band(double low, double high, const char* style);
  void mark(const Mark& mark);

  Markup svg() const;

 private:
  double px(double x) const;
  double py(double y) const;
  Markup axes() const;

  PlotText text_;
  Axis x_;
  Axis y_;
  double left_;
  double height_;
  Markup under_;  ///< bands and lines
  Markup marks_;
};

inline constexpr double kPlotWidth = 480;

/// A shape alone, for a legend.
Markup swatch(Shape shape, const char* style);

}  // namespace fidelio
