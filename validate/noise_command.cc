// validate noise: measures this machine's noise floor with a model, keeps it for later runs, and
// prints it with what disturbed the series.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/user_error.h"
#include "validate/commands.h"
#include "validate/interrupt.h"
#include "validate/kernel_target.h"
#include "validate/noise_series.h"
#include "validate/noise_store.h"
#include "validate/prompts.h"
#include "validate/record_context.h"
#include "validate/run_memory.h"

namespace fidelio {
namespace {

using nlohmann::ordered_json;

std::string percent(double log_ratio) {
  return fmt::format("{:.2f}%", 100 * std::expm1(log_ratio));
}
std::string signed_percent(double log_ratio) {
  return fmt::format("{:+.2f}%", 100 * std::expm1(log_ratio));
}

std::vector<double> estimates(const std::vector<NoiseSeries>& series, double NoiseSeries::*phase) {
  std::vector<double> out;
  for (const NoiseSeries& each : series) out.push_back(each.*phase);
  std::sort(out.begin(), out.end());
  return out;
}

/// One figure of every timed run.
template <class T>
std::vector<double> figures(const std::vector<NoiseSeries>& series, T RunRecord::*field) {
  std::vector<double> out;
  for (const NoiseSeries& each : series)
    for (const RunRecord& run : each.record.runs)
      if (run.pair >= 0) out.push_back(static_cast<double>(run.*field));
  return out;
}

std::vector<double> bandwidths(const std::vector<NoiseSeries>& series) {
  std::vector<double> out;
  for (const NoiseSeries& each : series)
    for (const BandwidthRecord& probe : each.record.bandwidth)
      out.push_back(probe.bytes_per_second * 1e-9);
  return out;
}

struct Disturbance {
  const char* name;
  std::vector<double> values;
  int digits;
};

std::vector<Disturbance> disturbances(const std::vector<NoiseSeries>& series) {
  return {{"ticks stolen", figures(series, &RunRecord::steal_ticks), 0},
          {"involuntary switches", figures(series, &RunRecord::involuntary_switches), 0},
          {"voluntary switches", figures(series, &RunRecord::voluntary_switches), 0},
          {"MHz", figures(series, &RunRecord::cpu_mhz), 0},
          {"load", figures(series, &RunRecord::load_average), 2},
          {"GB/s read", bandwidths(series), 1}};
}

std::string spread_text(const char* phase, const std::vector<double>& sorted) {
  return fmt::format("  {}: estimates from {} to {}, middle half from {} to {}\n", phase,
                     signed_percent(sorted.front()), signed_percent(sorted.back()),
                     signed_percent(percentile(sorted, 0.25)),
                     signed_percent(percentile(sorted, 0.75)));
}

std::string result_text(const NoiseFloorRecord& floor, const Record& context,
                        const std::vector<NoiseSeries>& series,
                        const std::filesystem::path& store) {
  std::string text = fmt::format(
      "baseline against baseline: {} series of {} pairs of {}, {} tokens, {} threads, kernels {}\n",
      floor.series, floor.pairs, floor.model, context.options.max_tokens, context.options.threads,
      context.hardware.vector_target);
  text += spread_text("decode", estimates(series, &NoiseSeries::decode));
  text += spread_text("prefill", estimates(series, &NoiseSeries::prefill));
  text += fmt::format("of a run:{:24}{:>10}{:>10}{:>10}\n", "", "median", "95%", "largest");
  for (const Disturbance& d : disturbances(series)) {
    if (d.values.empty()) continue;
    text += fmt::format("  {:31}{:>10.{}f}{:>10.{}f}{:>10.{}f}\n", d.name, median(d.values),
                        d.digits, percentile(d.values, 0.95), d.digits,
                        *std::max_element(d.values.begin(), d.values.end()), d.digits);
  }
  return text + fmt::format(
                    "NOISE FLOOR decode {}, prefill {} (95% of the series are nearer to 1). "
                    "Kept in {}\n",
                    percent(floor.decode), percent(floor.prefill), store.string());
}

std::string result_json(const NoiseFloorRecord& floor, const Record& context,
                        const std::vector<NoiseSeries>& series) {
  ordered_json out = {{"decode", floor.decode},
                      {"prefill", floor.prefill},
                      {"model", floor.model},
                      {"weights_xxh3_128", context.model.weights_xxh3_128},
                      {"series", floor.series},
                      {"pairs", floor.pairs},
                      {"measured", floor.measured},
                      {"threads", context.options.threads},
                      {"vector_target", context.hardware.vector_target}};
  out["estimates"] = {{"decode", ordered_json::array()}, {"prefill", ordered_json::array()}};
  for (const NoiseSeries& each : series) {
    out["estimates"]["decode"].push_back(each.decode);
    out["estimates"]["prefill"].push_back(each.prefill);
  }
  for (const Disturbance& d : disturbances(series)) {
    if (d.values.empty()) continue;
    out["of_a_run"][d.name] = {{"median", median(d.values)},
                               {"95%", percentile(d.values, 0.95)},
                               {"largest", *std::max_element(d.values.begin(), d.values.end())}};
  }
  return out.dump(2) + "\n";
}

RunOptions run_options(const NoiseOptions& options) {
  RunOptions run;
  run.model = options.model;
  run.runs = options.runs;
  run.max_tokens = options.max_tokens;
  run.threads = options.threads;
  run.target = options.target;
  run.load = options.load;
  run.allow_swap = options.allow_swap;
  run.patches = "none";
  run.widths = {1};
  run.ignore_eos = true;  // a series must have something to time
  check_run_options(run);
  if (options.series < 1 || options.series > 1000)
    throw UserError(fmt::format("--series: found {}, expected 1 to 1000", options.series));
  if (options.max_tokens < 2)
    throw UserError("--max-tokens: found 1, expected 2 or more: the first token is prefill's");
  return run;
}

}  // namespace

int noise_command(const NoiseOptions& options) {
  const RunOptions run = run_options(options);
  const KernelTable kernels = kernels_named(run.target);
  const auto model = load_model(run.model, parse_load_mode(run.load), run.allow_swap);
  std::vector<PromptRecord> prompts = read_prompts(*model, run);
  require_memory_for_run(*model, run, {}, prompts);
  const Record context = make_record(*model, run, {}, kernels.target, std::move(prompts));
  Progress progress(options.series * 2 * (1 + options.runs), Progress::wanted());
  const InterruptGuard interrupts;
  const std::vector<NoiseSeries> series =
      measure_noise(*model, run, kernels, context, options.series, progress);
  progress.clear();
  const NoiseFloorRecord floor = noise_floor_of(series);
  const std::filesystem::path store = noise_store_path();
  store_noise(store, {noise_conditions(context), context.model.weights_xxh3_128, floor});
  fmt::print("{}", options.json ? result_json(floor, context, series)
                                : result_text(floor, context, series, store));
  return 0;
}

}  // namespace fidelio
