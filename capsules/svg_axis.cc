#include "capsules/svg_axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace fidelio {
namespace {

constexpr double kLargest = 1e290;  ///< sums and ratios of figures up to here are finite
constexpr int kMaxDecades = 40;

/// 1, 2 or 5 times a power of ten, at least `least`.
double round_step(double least) {
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= least * (1 - 1e-9)) return factor * power;
  return 10 * power;
}

std::string tick_label(double value, double step) {
  const double magnitude = std::max(std::abs(value), step);
  if (magnitude >= 1e6 || step < 1e-6) return fmt::format("{:.3g}", value);
  const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
  return fmt::format("{:.{}f}", value + 0.0, decimals);
}

std::vector<Tick> round_ticks(double low, double high) {
  const double step = round_step((high - low) / 7);
  std::vector<Tick> ticks;
  const double first = std::ceil(low / step);
  for (int i = 0; i < 12; ++i) {
    const double value = (first + i) * step;
    if (!(value <= high)) break;
    ticks.push_back({value, tick_label(value, step)});
  }
  return ticks;
}

/// Those that a scale can show.
std::vector<double> showable(const std::vector<double>& values, double least) {
  std::vector<double> out;
  for (const double v : values)
    if (v >= least && v <= kLargest) out.push_back(v);
  return out;
}

}  // namespace

double Axis::share(double value) const {
  if (std::isnan(value)) return 1;
  const double clamped = std::clamp(value, low, high);
  if (logarithmic) return std::log(clamped / low) / std::log(high / low);
  return (clamped - low) / (high - low);
}

Axis linear_axis(const std::vector<double>& values, std::string label) {
  Axis axis;
  axis.label = std::move(label);
  const std::vector<double> shown = showable(values, -kLargest);
  if (!shown.empty()) {
    const auto [least, most] = std::minmax_element(shown.begin(), shown.end());
    const double room = std::max((*most - *least) * 0.06, std::abs(*most) * 1e-3 + 1e-9);
    axis.low = *least - room;
    axis.high = *most + room;
  }
  axis.ticks = round_ticks(axis.low, axis.high);
  return axis;
}

Axis logarithmic_axis(const std::vector<double>& values, std::string label) {
  Axis axis;
  axis.label = std::move(label);
  axis.logarithmic = true;
  const std::vector<double> shown = showable(values, 1e-290);
  int top = 0, bottom = -1;
  if (!shown.empty()) {
    const auto [least, most] = std::minmax_element(shown.begin(), shown.end());
    top = static_cast<int>(std::ceil(std::log10(*most)));
    bottom = std::max(static_cast<int>(std::floor(std::log10(*least))), top - kMaxDecades);
    if (bottom >= top) bottom = top - 1;
  }
  axis.low = std::pow(10, bottom);
  axis.high = std::pow(10, top);
  const int every = (top - bottom + 5) / 6;
  for (int decade = bottom; decade <= top; decade += every)
    axis.ticks.push_back({std::pow(10, decade), fmt::format("1e{}", decade)});
  return axis;
}

Axis whole_axis(std::int64_t first, std::int64_t last, std::string label) {
  Axis axis;
  axis.label = std::move(label);
  axis.low = static_cast<double>(first) - 0.5;
  axis.high = std::max(static_cast<double>(last) + 0.5, std::nextafter(axis.low + 0.5, HUGE_VAL));
  const double step = std::max(1.0, round_step((axis.high - axis.low) / 8));
  for (int i = 0; i < 12; ++i) {
    const double value = (std::ceil(axis.low / step) + i) * step;
    if (!(value <= axis.high)) break;
    axis.ticks.push_back({value, fmt::format("{:.0f}", value + 0.0)});
  }
  return axis;
}

Axis counting_axis(std::size_t count, std::string label) {
  return whole_axis(1, static_cast<std::int64_t>(count), std::move(label));
}

Axis lanes_axis(const std::vector<std::string>& names) {
  Axis axis;
  const auto lanes = static_cast<double>(names.size());
  axis.low = 0.5 - lanes;
  axis.high = 0.5;
  for (std::size_t i = 0; i < names.size(); ++i)
    axis.ticks.push_back({-static_cast<double>(i), names[i]});
  return axis;
}

}  // namespace fidelio
