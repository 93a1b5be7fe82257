#include "capsules/svg_plot.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace fidelio {
namespace {

constexpr double kTop = 10;
constexpr double kRight = 12;
constexpr double kBottom = 40;

std::string number(double value) { return fmt::format("{:.1f}", value); }

std::string points(double x, double y, std::initializer_list<std::pair<double, double>> corners) {
  std::string out;
  for (const auto& [dx, dy] : corners)
    out += fmt::format("{}{:.1f},{:.1f}", out.empty() ? "" : " ", x + dx, y + dy);
  return out;
}

Markup shape_at(Shape shape, double x, double y, Attributes attributes, const Markup& note) {
  switch (shape) {
    case Shape::circle:
      attributes.insert(attributes.end(), {{"cx", number(x)}, {"cy", number(y)}, {"r", "4"}});
      return element("circle", attributes, note);
    case Shape::square:
      attributes.push_back({"points", points(x, y, {{-4, -4}, {4, -4}, {4, 4}, {-4, 4}})});
      break;
    case Shape::triangle:
      attributes.push_back({"points", points(x, y, {{0, -5}, {5, 4}, {-5, 4}})});
      break;
    case Shape::diamond:
      attributes.push_back({"points", points(x, y, {{0, -6}, {6, 0}, {0, 6}, {-6, 0}})});
      break;
    case Shape::line:
      attributes.insert(
          attributes.end(),
          {{"x1", number(x - 7)}, {"x2", number(x + 7)}, {"y1", number(y)}, {"y2", number(y)}});
      return element("line", attributes, note);
    case Shape::dash:
      attributes.push_back({"points", points(x, y, {{-6, -1}, {6, -1}, {6, 1}, {-6, 1}})});
      break;
  }
  return element("polygon", attributes, note);
}

Markup line(double x1, double y1, double x2, double y2, const char* style) {
  return leaf("line", {{"class", style},
                       {"x1", number(x1)},
                       {"y1", number(y1)},
                       {"x2", number(x2)},
                       {"y2", number(y2)}});
}

Markup label(double x, double y, const char* style, const std::string& text) {
  return element("text", {{"class", style}, {"x", number(x)}, {"y", number(y)}}, text);
}

}  // namespace

Plot::Plot(PlotText text, Axis x, Axis y, double left, double height)
    : text_(std::move(text)), x_(std::move(x)), y_(std::move(y)), left_(left), height_(height) {}

double Plot::px(double x) const { return left_ + x_.share(x) * (kPlotWidth - left_ - kRight); }

double Plot::py(double y) const {
  return height_ - kBottom - y_.share(y) * (height_ - kBottom - kTop);
}

void Plot::line_at(double y, const char* style) {
  if (!std::isfinite(y)) return;
  under_ += line(left_, py(y), kPlotWidth - kRight, py(y), style);
}

void Plot::mark_at(double x, const char* style) {
  under_ += line(px(x), kTop, px(x), height_ - kBottom, style);
}

void Plot::band(double low, double high, const char* style) {
  const double top = py(high);
  under_ += leaf("rect", {{"class", style},
                          {"x", number(left_)},
                          {"y", number(top)},
                          {"width", number(kPlotWidth - kRight - left_)},
                          {"height", number(std::max(py(low) - top, 1.0))}});
}

void Plot::mark(const Mark& mark) {
  Attributes attributes = {{"class", mark.style}};
  attributes.insert(attributes.end(), mark.data.begin(), mark.data.end());
  marks_ += shape_at(mark.shape, px(mark.x), py(mark.y), std::move(attributes),
                     element("title", {}, mark.note));
}

Markup Plot::axes() const {
  Markup out;
  const double floor = height_ - kBottom;
  for (const Tick& tick : y_.ticks) {
    out += line(left_, py(tick.value), kPlotWidth - kRight, py(tick.value), "grid");
    out += label(left_ - 6, py(tick.value) + 4, "end", tick.label);
  }
  for (const Tick& tick : x_.ticks) {
    out += line(px(tick.value), floor, px(tick.value), floor + 4, "axis");
    out += label(px(tick.value), floor + 17, "mid", tick.label);
  }
  out += line(left_, floor, kPlotWidth - kRight, floor, "axis");
  out += label((left_ + kPlotWidth - kRight) / 2, height_ - 5, "mid name", x_.label);
  return out;
}

Markup Plot::svg() const {
  Markup content = element("title", {{"id", text_.id + "-t"}}, text_.title);
  content += element("desc", {{"id", text_.id + "-d"}}, text_.description);
  content += axes();
  content += under_;
  content += marks_;
  return element("svg",
                 {{"viewBox", fmt::format("0 0 {:.0f} {:.0f}", kPlotWidth, height_)},
                  {"role", "img"},
                  {"aria-labelledby", fmt::format("{0}-t {0}-d", text_.id)},
                  {"xmlns", "http://www.w3.org/2000/svg"}},
                 content);
}

Markup swatch(Shape shape, const char* style) {
  return element("svg",
                 {{"viewBox", "0 0 14 14"},
                  {"class", "swatch"},
                  {"aria-hidden", "true"},
                  {"xmlns", "http://www.w3.org/2000/svg"}},
                 shape_at(shape, 7, 7, {{"class", style}}, Markup()));
}

}  // namespace fidelio
