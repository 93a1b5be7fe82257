#include "validate/budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>
#include <set>
#include <string_view>
#include <vector>

#include "core/nearest_name.h"
#include "core/user_error.h"

namespace fidelio {
namespace {

struct Figure {
  const char* key;
  double BudgetRecord::*member;
  double highest;
  const char* expected;
};

constexpr double kNoBound = std::numeric_limits<double>::max();
constexpr const char* kShare = "a share from 0 to 1 (not in percent)";
constexpr Figure kFigures[] = {
    {"mean_kld", &BudgetRecord::mean_kld, kNoBound, "a number of 0 or more"},
    {"kld_99.9", &BudgetRecord::kld_99_9, kNoBound, "a number of 0 or more"},
    {"rms_dp", &BudgetRecord::rms_delta_p, 1, kShare},
    {"same_top_p", &BudgetRecord::same_top_p, 1, kShare},
};

std::vector<std::string> keys() {
  std::vector<std::string> out;
  for (const Figure& figure : kFigures) out.emplace_back(figure.key);
  return out;
}

const Figure& figure_named(std::string_view key) {
  const auto* figure = std::find_if(std::begin(kFigures), std::end(kFigures),
                                    [&](const Figure& f) { return f.key == key; });
  if (figure != std::end(kFigures)) return *figure;
  throw UserError(fmt::format("--budget: found \"{}\", expected {}{}", key, fmt::join(keys(), ", "),
                              did_you_mean(key, keys())));
}

double parse_figure(const Figure& figure, std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  if (is_number && value >= 0 && value <= figure.highest) return value;  // NaN is not
  throw UserError(
      fmt::format("--budget: {}: found \"{}\", expected {}", figure.key, text, figure.expected));
}

}  // namespace

BudgetRecord parse_budget(const std::string& text) {
  BudgetRecord budget;
  std::set<std::string_view> found;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    const std::string_view item = std::string_view(text).substr(begin, comma - begin);
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos)
      throw UserError(fmt::format("--budget: found \"{}\", expected KEY=NUMBER with one of {}",
                                  item, fmt::join(keys(), ", ")));
    const Figure& figure = figure_named(item.substr(0, equals));
    if (!found.insert(figure.key).second)
      throw UserError(fmt::format("--budget: found {} twice, expected it once", figure.key));
    budget.*figure.member = parse_figure(figure, item.substr(equals + 1));
    begin = comma + 1;
  }
  for (const Figure& figure : kFigures) {
    if (found.count(figure.key) == 0)
      throw UserError(fmt::format("--budget: found no {}, expected all of {}", figure.key,
                                  fmt::join(keys(), ", ")));
  }
  return budget;
}

std::string budget_text(const BudgetRecord& budget) {
  std::string text;
  for (const Figure& figure : kFigures) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", figure.key, budget.*figure.member);
  }
  return text;
}

}  // namespace fidelio
