// How fast both arms are, and how much of what the memory gives they use.
#include <fmt/format.h>

#include "capsules/report_sections.h"
#include "capsules/roofline.h"
#include "capsules/spread.h"

namespace fidelio {
namespace {

/// "baseline 12.3 GB/s (45%)": medians over the arm's timed runs, each against the probe after its
/// pair.
std::string roofline_share(const Record& record, const char* arm) {
  std::vector<double> rates, shares;
  for (const RooflineRun& run : roofline_runs(record, arm)) {
    rates.push_back(run.bytes_per_second);
    shares.push_back(run.share);
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
  if (fits_into_cache(record))
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
  if (std::string floor = noise_floor_text(record); !floor.empty())
    out.lines.push_back(std::move(floor));
  for (const auto& [phase, timing] :
       {std::pair(Phase::decode, &decode), std::pair(Phase::prefill, &prefill)})
    for (std::string& line : spread_lines(record, phase, *timing))
      out.lines.push_back(std::move(line));
  return out;
}

}  // namespace fidelio
