#include "capsules/spread.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <utility>

namespace fidelio {
namespace {

constexpr std::size_t kShownRuns = 3;
/// Nearer to the median a run explains nothing.
constexpr double kFar = 0.01;

struct FarRun {
  const RunRecord* run = nullptr;
  double log_ratio = 0;  ///< of its rate to its arm's median on the same prompt
};

std::vector<FarRun> farthest_runs(const std::vector<const RunRecord*>& runs, Phase phase) {
  std::map<std::pair<std::string, std::int64_t>, std::vector<double>> rates;
  for (const RunRecord* run : runs) rates[{run->arm, run->prompt}].push_back(tok_s(*run, phase));
  std::map<std::pair<std::string, std::int64_t>, double> medians;
  for (const auto& [arm, values] : rates) medians[arm] = median(values);
  std::vector<FarRun> far;
  for (const RunRecord* run : runs) {
    const double log_ratio = std::log(tok_s(*run, phase) / medians.at({run->arm, run->prompt}));
    if (std::abs(log_ratio) >= kFar) far.push_back({run, log_ratio});
  }
  std::stable_sort(far.begin(), far.end(), [](const FarRun& a, const FarRun& b) {
    return std::abs(a.log_ratio) > std::abs(b.log_ratio);
  });
  if (far.size() > kShownRuns) far.resize(kShownRuns);
  return far;
}

template <class T>
double median_of(const std::vector<const RunRecord*>& runs, T RunRecord::*field) {
  std::vector<double> values;
  for (const RunRecord* run : runs) values.push_back(static_cast<double>(run->*field));
  return median(std::move(values));
}

/// "41 ticks stolen (0), 7 involuntary switches (2), 210 voluntary switches (60), load 3.10
/// (1.02)", the medians in brackets; the clock where the system tells it.
std::string disturbances(const RunRecord& run, const std::vector<const RunRecord*>& runs) {
  std::string text = fmt::format(
      "{} ticks stolen ({:.0f}), {} involuntary switches ({:.0f}), {} voluntary switches ({:.0f})",
      run.steal_ticks, median_of(runs, &RunRecord::steal_ticks), run.involuntary_switches,
      median_of(runs, &RunRecord::involuntary_switches), run.voluntary_switches,
      median_of(runs, &RunRecord::voluntary_switches));
  if (run.cpu_mhz > 0)
    text += fmt::format(", {:.0f} MHz ({:.0f})", run.cpu_mhz, median_of(runs, &RunRecord::cpu_mhz));
  return text + fmt::format(", load {:.2f} ({:.2f})", run.load_average,
                            median_of(runs, &RunRecord::load_average));
}

std::string place_of(const Record& record, const RunRecord& run) {
  std::string text = fmt::format("pair {} {}", run.pair + 1, run.arm);
  if (record.prompts.size() > 1) text += fmt::format(" of prompt {}", run.prompt);
  if (record.launches.size() > 1) text += fmt::format(" in process {}", run.launch + 1);
  return text;
}

bool is_settled(const PhaseTiming& timing) {
  return timing.outcome != "inconclusive" && timing.shift.low &&
         *timing.shift.high - *timing.shift.low <= timing.margin;
}

std::string share_text(double log_ratio) {
  return fmt::format("{:.1f}%", 100 * std::expm1(log_ratio));
}

}  // namespace

std::vector<std::string> spread_lines(const Record& record, Phase phase,
                                      const PhaseTiming& timing) {
  std::vector<std::string> lines;
  const std::vector<const RunRecord*> runs = timed_runs(record, phase);
  if (timing.pairs == 0 || is_settled(timing)) return lines;
  for (const FarRun& far : farthest_runs(runs, phase)) {
    lines.push_back(
        fmt::format("{}: {}, {:.1f}% {} than its arm's median; {}", phase_name(phase),
                    place_of(record, *far.run), 100 * std::abs(std::expm1(far.log_ratio)),
                    far.log_ratio < 0 ? "slower" : "faster", disturbances(*far.run, runs)));
  }
  return lines;
}

std::string noise_floor_text(const Record& record) {
  if (!record.noise_floor) return "";
  const NoiseFloorRecord& floor = *record.noise_floor;
  std::string text = fmt::format("noise floor {} decode, {} prefill", share_text(floor.decode),
                                 share_text(floor.prefill));
  if (floor.series == 0) return text;
  return text + fmt::format(" from {} series of {} pairs of {}, {}", floor.series, floor.pairs,
                            floor.model, floor.measured.substr(0, 10));
}

}  // namespace fidelio
