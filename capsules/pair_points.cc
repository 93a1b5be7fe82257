#include "capsules/pair_points.h"

#include <map>
#include <utility>

namespace fidelio {
namespace {

bool is_confirmation(const Record& record, const RunRecord& run) {
  const auto launch = static_cast<std::size_t>(run.launch);
  return launch < record.launches.size() && record.launches[launch].purpose == "confirm";
}

}  // namespace

std::vector<PairPoint> pair_points(const Record& record, Phase phase) {
  std::map<std::pair<std::int64_t, std::int64_t>, PairPoint> open;
  std::vector<PairPoint> out;
  for (const RunRecord& run : record.runs) {
    if (run.pair < 0) continue;
    PairPoint& point = open[{run.prompt, run.pair}];
    (run.arm == "baseline" ? point.baseline : point.patched) = &run;
    if (point.baseline == nullptr || point.patched == nullptr) continue;
    const double baseline = tok_s(*point.baseline, phase);
    const double patched = tok_s(*point.patched, phase);
    if (!(baseline > 0) || !(patched > 0)) continue;
    point.ratio = patched / baseline;
    point.confirm = is_confirmation(record, run);
    out.push_back(point);
  }
  return out;
}

}  // namespace fidelio
