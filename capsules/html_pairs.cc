// The pairs of both phases: a plot of their ratios, and their figures as a table.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "capsules/html_sections.h"
#include "capsules/pair_points.h"

namespace fidelio {
namespace {

const char* name_of(Phase phase) { return phase == Phase::decode ? "decode" : "prefill"; }

Axis ratio_axis(const std::vector<PairPoint>& pairs, const PhaseTiming& timing) {
  std::vector<double> values = {1, std::exp(timing.margin), std::exp(-timing.margin)};
  for (const PairPoint& pair : pairs) values.push_back(pair.ratio);
  if (timing.shift.low)
    values.insert(values.end(), {std::exp(*timing.shift.low), std::exp(*timing.shift.high)});
  return linear_axis(values, "");
}

Mark mark_of(const PairPoint& pair, std::size_t place, Phase phase) {
  const RunRecord& run = *pair.patched;
  Mark mark;
  mark.x = static_cast<double>(place + 1);
  mark.y = pair.ratio;
  mark.shape = pair.confirm ? Shape::diamond : Shape::circle;
  mark.style = pair.confirm ? "confirm" : "patched";
  mark.note = fmt::format("pair {} of prompt {}: {:.4f}x ({:.1f} / {:.1f} tok/s)", run.pair,
                          run.prompt, pair.ratio, tok_s(run, phase), tok_s(*pair.baseline, phase));
  mark.data = {{"data-phase", name_of(phase)},
               {"data-prompt", std::to_string(run.prompt)},
               {"data-pair", std::to_string(run.pair)},
               {"data-launch", std::to_string(run.launch)},
               {"data-ratio", fmt::format("{}", pair.ratio)}};
  return mark;
}

/// An upright line before the first pair of each further process.
void separate_launches(Plot& plot, const std::vector<PairPoint>& pairs) {
  for (std::size_t i = 1; i < pairs.size(); ++i)
    if (pairs[i].patched->launch != pairs[i - 1].patched->launch)
      plot.mark_at(static_cast<double>(i) + 0.5, "launch");
}

std::string caption_of(Phase phase, const PhaseTiming& timing, std::size_t shown, std::size_t all) {
  const std::string left_out = left_out_text(shown, all, "pairs");
  return fmt::format("{}: patched ÷ baseline tok/s of every pair, {}{}{}",
                     phase == Phase::decode ? "Decode" : "Prefill", speedup_text(timing),
                     left_out.empty() ? "" : "; ", left_out);
}

std::vector<LegendEntry> legend_of(const std::vector<PairPoint>& pairs, const PhaseTiming& timing) {
  std::vector<LegendEntry> legend = {{Shape::circle, "patched", "a pair"}};
  if (std::any_of(pairs.begin(), pairs.end(), [](const PairPoint& p) { return p.confirm; }))
    legend.push_back({Shape::diamond, "confirm", "a pair of the process that measured again"});
  legend.push_back({Shape::line, "estimate", "estimate"});
  if (timing.shift.low)
    legend.push_back({Shape::square, "interval",
                      fmt::format("{:.1f}% interval", 100 * timing.shift.confidence)});
  legend.push_back(
      {Shape::line, "margin", fmt::format("margins, ±{:.1f}%", 100 * std::expm1(timing.margin))});
  return legend;
}

Markup figure_of(const Record& record, Phase phase, const std::string& id) {
  std::vector<PairPoint> pairs = pair_points(record, phase);
  if (pairs.empty()) return {};
  const std::size_t all = pairs.size();
  pairs.resize(std::min(all, kMaxHtmlMarks));
  const PhaseTiming timing = judge_timing(record, phase);
  Plot plot({fmt::format("{}-pairs-{}", id, name_of(phase)),
             fmt::format("Ratio of every {} pair", name_of(phase)), timing.sentence},
            counting_axis(pairs.size(), "pair, in the order measured"), ratio_axis(pairs, timing));
  if (timing.shift.low)
    plot.band(std::exp(*timing.shift.low), std::exp(*timing.shift.high), "interval");
  plot.line_at(1, "one");
  plot.line_at(std::exp(timing.margin), "margin");
  plot.line_at(std::exp(-timing.margin), "margin");
  if (timing.pairs > 0) plot.line_at(std::exp(timing.shift.estimate), "estimate");
  separate_launches(plot, pairs);
  for (std::size_t i = 0; i < pairs.size(); ++i) plot.mark(mark_of(pairs[i], i, phase));
  return figure_block(plot, caption_of(phase, timing, pairs.size(), all), legend_of(pairs, timing));
}

Markup pairs_table(const Record& record) {
  Cells table = {{"prompt", "pair", "process", "base decode tok/s", "patched decode tok/s",
                  "decode ratio", "prefill ratio"}};
  for (const PairPoint& pair : pair_points(record, Phase::decode)) {
    const double before = tok_s(*pair.baseline, Phase::prefill);
    const double after = tok_s(*pair.patched, Phase::prefill);
    table.push_back({std::to_string(pair.patched->prompt), std::to_string(pair.patched->pair),
                     fmt::format("{}{}", pair.patched->launch + 1, pair.confirm ? ", again" : ""),
                     fmt::format("{:.1f}", tok_s(*pair.baseline, Phase::decode)),
                     fmt::format("{:.1f}", tok_s(*pair.patched, Phase::decode)),
                     fmt::format("{:.4f}", pair.ratio),
                     before > 0 && after > 0 ? fmt::format("{:.4f}", after / before) : "-"});
  }
  if (table.size() == 1) return {};
  return details_block("The pairs as a table", table_block(table, "Pairs"));
}

}  // namespace

Markup pairs_part(const Record& record, const std::string& id) {
  Markup figures = figure_of(record, Phase::decode, id);
  figures += figure_of(record, Phase::prefill, id);
  if (figures.empty()) return {};
  Markup content = figures_block(figures);
  content += pairs_table(record);
  return section_block("Pairs", content);
}

}  // namespace fidelio
