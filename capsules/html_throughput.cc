// Every run's throughput in the order in which they ran, and how near decoding came to the memory's
// bandwidth.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "capsules/html_sections.h"
#include "capsules/roofline.h"
#include "capsules/timing.h"

namespace fidelio {
namespace {

constexpr const char* kArms[] = {"baseline", "patched"};

Shape shape_of(const std::string& arm) { return arm == "baseline" ? Shape::circle : Shape::square; }

const char* style_of(const std::string& arm) { return arm == "baseline" ? "baseline" : "patched"; }

std::vector<LegendEntry> arms_legend() {
  return {{Shape::circle, "baseline", "baseline"}, {Shape::square, "patched", "patched"}};
}

std::string run_note(const RunRecord& run, double rate) {
  std::string note =
      fmt::format("run {}, {}, prompt {}: {:.1f} tok/s, load {:.2f}, {} stolen ticks", run.order,
                  style_of(run.arm), run.prompt, rate, run.load_average, run.steal_ticks);
  if (run.cpu_mhz > 0) note += fmt::format(", {:.0f} MHz", run.cpu_mhz);
  return note;
}

Markup rates_figure(const Record& record, Phase phase, const std::string& id) {
  std::vector<const RunRecord*> runs = timed_runs(record, phase);
  if (runs.empty()) return {};
  const std::size_t all = runs.size();
  runs.resize(std::min(all, 2 * kMaxHtmlMarks));
  std::vector<double> rates;
  for (const RunRecord* run : runs) rates.push_back(tok_s(*run, phase));
  const std::string name = phase == Phase::decode ? "Decode" : "Prefill";
  const std::string left_out = left_out_text(runs.size(), all, "runs");
  const PhaseTiming timing = judge_timing(record, phase);
  const std::string medians =
      fmt::format("medians {:.1f} and {:.1f} tok/s", timing.baseline_tok_s, timing.patched_tok_s);
  Plot plot({id + "-rates-" + name, name + " tok/s of every run", medians},
            counting_axis(runs.size(), "run, in the order measured"), linear_axis(rates, ""));
  plot.line_at(timing.baseline_tok_s, "baseline");
  plot.line_at(timing.patched_tok_s, "patched");
  for (std::size_t i = 0; i < runs.size(); ++i)
    plot.mark({static_cast<double>(i + 1),
               rates[i],
               shape_of(runs[i]->arm),
               style_of(runs[i]->arm),
               run_note(*runs[i], rates[i]),
               {{"data-order", std::to_string(runs[i]->order)},
                {"data-arm", runs[i]->arm},
                {"data-tok-s", fmt::format("{}", rates[i])}}});
  return figure_block(plot,
                      fmt::format("{} tok/s of every run; {}{}{}", name, medians,
                                  left_out.empty() ? "" : "; ", left_out),
                      arms_legend());
}

/// In percent; what is no number is left out.
std::vector<double> shares_of(const Record& record, const char* arm) {
  std::vector<double> shares;
  for (const RooflineRun& run : roofline_runs(record, arm))
    if (std::isfinite(run.share)) shares.push_back(100 * run.share);
  return shares;
}

Axis shares_axis(const std::vector<double>& first, const std::vector<double>& second) {
  std::vector<double> values = {0, 100};
  values.insert(values.end(), first.begin(), first.end());
  values.insert(values.end(), second.begin(), second.end());
  return linear_axis(values, "% of the read bandwidth that was probed between the pairs");
}

Markup roofline_figure(const Record& record, const std::string& id) {
  const std::vector<double> shares[] = {shares_of(record, kArms[0]), shares_of(record, kArms[1])};
  if (shares[0].empty() || shares[1].empty()) return {};
  std::string text = fmt::format("medians: baseline {:.0f}%, patched {:.0f}%", median(shares[0]),
                                 median(shares[1]));
  if (fits_into_cache(record))
    text += "; the weights fit into the cache, so memory is no bound here";
  Plot plot({id + "-roofline", "Share of the memory roofline of every run", text},
            shares_axis(shares[0], shares[1]), lanes_axis({"baseline", "patched"}), 72, 150);
  plot.mark_at(100, "one");
  for (int arm = 0; arm < 2; ++arm) {
    for (std::size_t i = 0; i < std::min(shares[arm].size(), kMaxHtmlMarks); ++i)
      plot.mark({shares[arm][i],
                 -static_cast<double>(arm),
                 shape_of(kArms[arm]),
                 kArms[arm],
                 fmt::format("{:.1f}%", shares[arm][i]),
                 {{"data-share", fmt::format("{}", shares[arm][i] / 100)}}});
    plot.mark({median(shares[arm]),
               -static_cast<double>(arm),
               Shape::diamond,
               "median",
               fmt::format("median {:.1f}%", median(shares[arm])),
               {}});
  }
  std::vector<LegendEntry> legend = arms_legend();
  legend.push_back({Shape::diamond, "median", "median"});
  return figure_block(plot, "Share of the memory roofline in decode; " + text, legend);
}

}  // namespace

Markup throughput_part(const Record& record, const std::string& id) {
  Markup figures = rates_figure(record, Phase::decode, id);
  figures += rates_figure(record, Phase::prefill, id);
  figures += roofline_figure(record, id);
  if (figures.empty()) return {};
  return section_block("Throughput", figures_block(figures));
}

}  // namespace fidelio
