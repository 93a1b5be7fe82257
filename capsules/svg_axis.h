// Axes of plots: from figures to places, and where the ticks stand. Figures are untrusted: a scale
// is finite whatever they are. What is drawn is svg_plot.h's. Internal to capsules/.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace fidelio {

struct Tick {
  double value = 0;
  std::string label;
};

/// From `low` to `high`, both finite and low < high; of a logarithmic one both are above 0.
struct Axis {
  double low = 0;
  double high = 1;
  bool logarithmic = false;
  std::vector<Tick> ticks;
  std::string label;

  /// The share of the way from low to high, 0 to 1: what lies outside, or is no number, is put at
  /// the nearer end, NaN at the upper.
  double share(double value) const;
};

/// Around the finite ones of `values` with a little room, ticks at 1, 2 or 5 times powers of ten.
Axis linear_axis(const std::vector<double>& values, std::string label);

/// The same for values above 0 in whole powers of ten, at least one and at most 40 of them.
Axis logarithmic_axis(const std::vector<double>& values, std::string label);

/// first, first + 1, ... last, or every second, fifth, tenth, ... of them.
Axis whole_axis(std::int64_t first, std::int64_t last, std::string label);

/// 1, 2, ... `count`, or every second, fifth, tenth, ... of them.
Axis counting_axis(std::size_t count, std::string label);

/// `names` from the top down, at 0, 1, ...
Axis lanes_axis(const std::vector<std::string>& names);

}  // namespace fidelio
