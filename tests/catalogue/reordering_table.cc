#include "tests/catalogue/reordering_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace fidelio::catalogue {
namespace {

std::string verdict_counts(const std::vector<ReorderingOutcome>& outcomes) {
  std::map<std::string, int> counts;
  for (const ReorderingOutcome& o : outcomes) ++counts[o.verdict];
  std::string text;
  for (const auto& [verdict, n] : counts)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", n, verdict);
  return text;
}

template <typename Matches>
std::ptrdiff_t count(const std::vector<ReorderingOutcome>& outcomes, Matches&& matches) {
  return std::count_if(outcomes.begin(), outcomes.end(), matches);
}

bool is_right(const ReorderingOutcome& o) { return o.right(); }

/// The largest gap of a first flip, in units of the arms' root mean square difference.
double widest_gap(const std::vector<ReorderingOutcome>& outcomes) {
  double widest = 0;
  for (const ReorderingOutcome& o : outcomes)
    if (o.spied.flips > 0 && o.spied.rms_before > 0)
      widest = std::max(widest, o.spied.first_gap / o.spied.rms_before);
  return widest;
}

constexpr const char* kRow = "{:<30} {:<18} {:<7} {:<44} {:>9} {:>14} {:>10} {:>9} {:>9}  {}";

}  // namespace

std::string reordering_header() {
  return fmt::format(fmt::runtime(kRow), "reordering", "model", "router", "verdicts", "ids same",
                     "flips of rows", "gap / rms", "misroutes", "max err", "right");
}

std::string reordering_row(const std::vector<ReorderingOutcome>& seeds) {
  const ReorderingOutcome& first = seeds.front();
  std::int64_t flips = 0;
  std::int64_t rows = 0;
  std::int64_t misroutes = 0;
  double max_err = 0;
  for (const ReorderingOutcome& o : seeds) {
    flips += o.spied.flips;
    rows += o.spied.rows;
    misroutes += o.misroutes;
    max_err = std::max(max_err, o.max_abs_err);
  }
  const auto wrong = std::find_if_not(seeds.begin(), seeds.end(), is_right);
  return fmt::format(
      fmt::runtime(kRow), first.name, first.model, first.ties ? "ties" : "random",
      verdict_counts(seeds),
      count(seeds, [](const ReorderingOutcome& o) { return o.ids_unchanged; }),
      fmt::format("{} of {}", flips, rows), fmt::format("{:.2g}", widest_gap(seeds)), misroutes,
      fmt::format("{:.1e}", max_err),
      wrong == seeds.end() ? "yes" : fmt::format("NO: seed {}: {}", wrong->seed, wrong->sentence));
}

std::string reordering_summary(const std::vector<ReorderingOutcome>& outcomes) {
  std::vector<ReorderingOutcome> harmless;
  std::vector<ReorderingOutcome> defects;
  for (const ReorderingOutcome& o : outcomes) (o.is_defect ? defects : harmless).push_back(o);
  return fmt::format("harmless: {} runs, {}; failures: {}\nfalse: {} runs, {}; missed: {}",
                     harmless.size(), verdict_counts(harmless),
                     count(harmless, [](const auto& o) { return !o.right(); }), defects.size(),
                     verdict_counts(defects),
                     count(defects, [](const auto& o) { return !o.right(); }));
}

}  // namespace fidelio::catalogue
