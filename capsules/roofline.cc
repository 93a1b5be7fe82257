#include "capsules/roofline.h"

#include <algorithm>
#include <map>

#include "capsules/timing.h"

namespace fidelio {
namespace {

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

}  // namespace

std::vector<RooflineRun> roofline_runs(const Record& record, const char* arm) {
  const std::map<std::int64_t, double> probes = probes_by_order(record);
  std::vector<RooflineRun> out;
  for (const RunRecord& run : record.runs) {
    const double rate = tok_s(run, Phase::decode) * record.decode_bytes_per_token;
    const double bandwidth = bandwidth_of(probes, run.order);
    if (run.pair < 0 || run.arm != arm || !(rate > 0) || !(bandwidth > 0)) continue;
    out.push_back({&run, rate, rate / bandwidth});
  }
  return out;
}

bool fits_into_cache(const Record& record) {
  std::int64_t bytes = 0;
  for (const CacheRecord& cache : record.hardware.caches) bytes = std::max(bytes, cache.bytes);
  return record.model.weights_bytes < bytes;
}

}  // namespace fidelio
