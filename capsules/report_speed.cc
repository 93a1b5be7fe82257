// How fast both arms are, and how much of what the memory gives they use.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "capsules/report_sections.h"

namespace fidelio {
namespace {

std::int64_t last_level_cache(const Record& record) {
  std::int64_t bytes = 0;
  for (const CacheRecord& cache : record.hardware.caches) bytes = std::max(bytes, cache.bytes);
  return bytes;
}

/// The probes by their place in the order of runs.
std::map<std::int64_t, double> probes_by_order(const Record& record) {
  std::map<std::int64_t, double> probes;
  for (const BandwidthRecord& probe : record.bandwidth)
    probes[probe.after_order] = probe.bytes_per_second;
  return probes;
}

/// The first probe after a run, else the last before it; 0 without one.
double bandwidth_of(const std::map<std::int64_t, double>& probes, std::int64_t order) {
  if (probes.empty()) return 0;
  const auto after = probes.lower_bound(order);
  return after == probes.end() ? probes.rbegin()->second : after->second;
}

/// "baseline 12.3 GB/s (45%)": medians over the arm's timed runs, each against the probe after its
/// pair.
std::string roofline_share(const Record& record, const char* arm) {
  const std::map<std::int64_t, double> probes = probes_by_order(record);
  std::vector<double> rates, shares;
  for (const RunRecord& run : record.runs) {
    const double rate = tok_s(run, Phase::decode) * record.decode_bytes_per_token;
    const double bandwidth = bandwidth_of(probes, run.order);
    if (run.pair < 0 || run.arm != arm || !(rate > 0) || !(bandwidth > 0)) continue;
    rates.push_back(rate);
    shares.push_back(rate / bandwidth);
  }
  if (rates.empty()) return "";
  return fmt::format("{} {:.1f} GB/s ({:.0f}%)", arm, median(rates) * 1e-9, 100 * median(shares));
}

/// Empty where nothing was probed or timed.
std::string roofline_text(const Record& record) {
  const std::string baseline = roofline_share(record, "baseline");
  const std::string patched = roofline_share(record, "patched");
  if (baseline.empty() || patched.empty()) return "";
  std::vector<double> probes;
  for (const BandwidthRecord& probe : record.bandwidth) probes.push_back(probe.bytes_per_second);
  std::string text = fmt::format("memory roofline: {} a token, {:.1f} GB/s read; {}, {}",
                                 bytes_text(record.decode_bytes_per_token), median(probes) * 1e-9,
                                 baseline, patched);
  if (record.model.weights_bytes < last_level_cache(record))
    text += "; the weights fit into the cache, so memory is no bound here";
  return text;
}

/// "baseline 12.3 ms, 95% within 13.0 ms".
std::string first_token_text(const Record& record, const char* arm) {
  std::vector<double> times_ms;
  for (const RunRecord& run : record.runs)
    if (run.pair >= 0 && run.arm == arm)
      times_ms.push_back(static_cast<double>(run.first_token_ns) * 1e-6);
  if (times_ms.empty()) return fmt::format("{} not timed", arm);
  return fmt::format("{} {:.1f} ms, 95% within {:.1f} ms", arm, median(times_ms),
                     percentile(times_ms, 0.95));
}

}  // namespace

ReportSection speed_section(const Record& record, const PhaseTiming& decode,
                            const PhaseTiming& prefill) {
  ReportSection out{"Speed", {decode.sentence, prefill.sentence}, {}};
  out.lines.push_back(fmt::format("first token: {}; {}; model loaded in {:.1f} ms ({})",
                                  first_token_text(record, "baseline"),
                                  first_token_text(record, "patched"),
                                  static_cast<double>(record.load_ns) * 1e-6, record.load_mode));
  if (std::string roofline = roofline_text(record); !roofline.empty())
    out.lines.push_back(std::move(roofline));
  return out;
}

}  // namespace fidelio
