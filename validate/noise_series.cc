#include "validate/noise_series.h"

#include <fmt/format.h>

#include <cmath>

#include "core/user_error.h"
#include "validate/arm.h"
#include "validate/side_by_side.h"
#include "validate/timed_pairs.h"

namespace fidelio {
namespace {

SequenceRecord sequence_of(const Generation& generation) {
  return {generation.ids, generation.stopped ? "eos" : "max_tokens", generation.logit_xxh3_128};
}

NoiseSeries measure_series(const LoadedModel& model, const RunOptions& options,
                           const KernelTable& kernels, const Record& context, Progress& progress) {
  NoiseSeries out{context, 0, 0};
  ThreadTeam team(static_cast<std::size_t>(context.options.threads));
  const ArmLimits limits = limits_for(options, context.prompts);
  const RopeTable rope = rope_table_for(model, limits.capacity);
  Arm first("baseline", model, {}, kernels, team, rope, limits);
  Arm second("patched", model, {}, kernels, team, rope, limits);
  TimedPairs pairs(model, options, first, second, team, out.record, progress);
  for (std::size_t p = 0; p < context.prompts.size(); ++p) {
    const auto prompt = static_cast<std::int64_t>(p);
    const Generation a = pairs.warm_up(first, prompt);
    const Generation b = pairs.warm_up(second, prompt);
    if (a.logit_xxh3_128 != b.logit_xxh3_128)
      throw UserError(
          fmt::format("{}: the baseline's logits of two runs of prompt {} differ: what "
                      "is not deterministic has no noise floor",
                      model.id, prompt));
    out.record.generations.push_back({prompt, sequence_of(a), sequence_of(b)});
  }
  pairs.time(options.runs, [] {});
  out.decode = judge_timing(out.record, Phase::decode).shift.estimate;
  out.prefill = judge_timing(out.record, Phase::prefill).shift.estimate;
  return out;
}

}  // namespace

std::vector<NoiseSeries> measure_noise(const LoadedModel& model, const RunOptions& options,
                                       const KernelTable& kernels, const Record& context,
                                       std::int64_t n_series, Progress& progress) {
  std::vector<NoiseSeries> series;
  for (std::int64_t s = 0; s < n_series; ++s)
    series.push_back(measure_series(model, options, kernels, context, progress));
  return series;
}

NoiseFloorRecord noise_floor_of(const std::vector<NoiseSeries>& series) {
  NoiseFloorRecord floor;
  if (series.empty()) return floor;
  std::vector<double> decode, prefill;
  for (const NoiseSeries& each : series) {
    decode.push_back(std::abs(each.decode));
    prefill.push_back(std::abs(each.prefill));
  }
  constexpr double kShare = 0.95;
  floor.decode = percentile(std::move(decode), kShare);
  floor.prefill = percentile(std::move(prefill), kShare);
  const Record& any = series.front().record;
  floor.model = any.model.id;
  floor.series = static_cast<std::int64_t>(series.size());
  floor.pairs = finished_pairs(any);
  floor.measured = any.created;
  return floor;
}

}  // namespace fidelio
