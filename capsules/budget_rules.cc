#include "capsules/budget_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace fidelio {
namespace {

/// A NaN on either side stays: it is a figure that nobody knows.
double worse(double a, double b, bool larger_is_worse) {
  if (std::isnan(a) || std::isnan(b)) return std::nan("");
  return larger_is_worse ? std::max(a, b) : std::min(a, b);
}

/// The shortest of two significant digits that is not below; "0" for what is 0 or less.
std::string rounded_up(double value) {
  if (value <= 0) return "0";
  const std::string nearest = fmt::format("{:.2g}", value);
  if (std::strtod(nearest.c_str(), nullptr) >= value) return nearest;
  const double digit = std::pow(10.0, std::floor(std::log10(value)) - 1);
  return fmt::format("{:.2g}", value + digit);
}

/// Three decimals that are not above.
std::string rounded_down(double share) {
  const double floor = std::max(0.0, std::floor(share * 1000) / 1000);
  const std::string text = fmt::format("{:.3f}", floor);
  if (std::strtod(text.c_str(), nullptr) <= share) return text;
  return fmt::format("{:.3f}", std::max(0.0, floor - 0.001));
}

}  // namespace

BudgetRecord worst_figures(const Record& record) {
  BudgetRecord worst{0, 0, 0, 1};
  for (const ComparisonRecord& c : record.comparisons) {
    if (c.routing == "routed") continue;
    worst.mean_kld = worse(worst.mean_kld, c.metrics.mean_kld, true);
    worst.kld_99_9 = worse(worst.kld_99_9, c.metrics.kld_99_9, true);
    worst.rms_delta_p = worse(worst.rms_delta_p, c.metrics.rms_delta_p, true);
    worst.same_top_p = worse(worst.same_top_p, c.metrics.same_top_p, false);
  }
  return worst;
}

std::string budget_argument(const BudgetRecord& figures) {
  for (const double figure :
       {figures.mean_kld, figures.kld_99_9, figures.rms_delta_p, figures.same_top_p})
    if (!std::isfinite(figure)) return "";
  return fmt::format("--budget mean_kld={},kld_99.9={},rms_dp={},same_top_p={}",
                     rounded_up(figures.mean_kld), rounded_up(figures.kld_99_9),
                     rounded_up(figures.rms_delta_p), rounded_down(figures.same_top_p));
}

Finding find_within_budget(const Record& record) {
  return find_within_budget(record, record.options.budget);
}

Finding find_within_budget(const Record& record, const std::optional<BudgetRecord>& allowed) {
  const BudgetRecord worst = worst_figures(record);
  if (!allowed) {
    const std::string argument = budget_argument(worst);
    if (argument.empty()) return {false, "a metric is no finite number, so no budget covers it"};
    return {false, "no budget was given; these figures need " + argument};
  }
  const BudgetRecord& budget = *allowed;
  std::string outside;
  const auto check = [&](const char* name, double found, const char* bound, double limit, bool ok) {
    if (!ok)
      outside += fmt::format("{}{} {:.4g}, {} {:.4g} allowed", outside.empty() ? "" : "; ", name,
                             found, bound, limit);
  };
  check("mean KLD", worst.mean_kld, "at most", budget.mean_kld, worst.mean_kld <= budget.mean_kld);
  check("99.9% KLD", worst.kld_99_9, "at most", budget.kld_99_9, worst.kld_99_9 <= budget.kld_99_9);
  check("RMS delta p", worst.rms_delta_p, "at most", budget.rms_delta_p,
        worst.rms_delta_p <= budget.rms_delta_p);
  check("same top p", worst.same_top_p, "at least", budget.same_top_p,
        worst.same_top_p >= budget.same_top_p);
  if (!outside.empty()) return {false, "outside the budget: " + outside};
  return {true,
          fmt::format("within the budget: mean KLD {:.3g} of {:.3g}, 99.9% KLD {:.3g} of "
                      "{:.3g}, RMS delta p {:.3g} of {:.3g}, same top p {:.4g} of at least "
                      "{:.4g}",
                      worst.mean_kld, budget.mean_kld, worst.kld_99_9, budget.kld_99_9,
                      worst.rms_delta_p, budget.rms_delta_p, worst.same_top_p, budget.same_top_p)};
}

}  // namespace fidelio
