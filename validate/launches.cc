#include "validate/launches.h"

#include <algorithm>

#include "capsules/timing.h"
#include "core/check.h"
#include "validate/timed_pairs.h"

namespace fidelio {
namespace {

/// Without a pair to time (one token has no decode) there is nothing that more pairs could decide;
/// nor inside the margins, even where a prefill that ran patched plans is not called neutral.
bool is_decided(const Record& record, Phase phase) {
  const PhaseTiming timing = judge_timing(record, phase);
  return timing.measured != "inconclusive" || timing.pairs == 0 || is_inside_margins(timing);
}

/// The stage after `done` of options.runs pairs; the first processes have one pair more where the
/// pairs cannot be divided.
Stage share_after(const OptionsRecord& options, std::int64_t done, bool first_half) {
  const std::int64_t processes = std::clamp<std::int64_t>(options.launches, 1, options.runs);
  std::int64_t end = 0;
  std::int64_t process = 0;
  while (end <= done) {
    end += options.runs / processes + (process < options.runs % processes ? 1 : 0);
    ++process;
  }
  return {"measure", end - done, processes > 1 && !(first_half && process == 1)};
}

}  // namespace

std::optional<Stage> next_stage(const Record& record) {
  const OptionsRecord& options = record.options;
  const std::int64_t done = finished_pairs(record);
  if (done < options.runs) return share_after(options, done, true);
  if (options.runs == 0) return std::nullopt;
  if (options.looks == 2 && done < 2 * options.runs) {
    const bool goes_on = done > options.runs || !is_decided(record, Phase::decode) ||
                         !is_decided(record, Phase::prefill);
    if (goes_on) return share_after(options, done - options.runs, false);
  }
  const std::int64_t confirmed = finished_pairs(record, "confirm");
  if (!options.confirm || confirmed >= done) return std::nullopt;
  for (const Phase phase : {Phase::decode, Phase::prefill})
    if (judge_timing(record, phase).measured == "regression")
      return Stage{"confirm", done - confirmed, true};
  return std::nullopt;
}

void measure_all(Record& record, const Measurement& measurement) {
  while (const std::optional<Stage> stage = next_stage(record)) {
    const std::int64_t before = finished_pairs(record, stage->purpose);
    (stage->fresh ? measurement.fresh : measurement.here)(*stage);
    FIDELIO_CHECK(finished_pairs(record, stage->purpose) == before + stage->pairs);
  }
  record.complete = true;
}

}  // namespace fidelio
