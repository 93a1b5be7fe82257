#include "validate/side_by_side.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>

#include "capsules/run_accounting.h"
#include "core/checksum.h"
#include "core/prefill_chunks.h"
#include "validate/bandwidth_probe.h"
#include "validate/decode_traffic.h"
#include "validate/evidence.h"
#include "validate/float_environment.h"
#include "validate/generate.h"
#include "validate/interrupt.h"
#include "validate/record_plans.h"

namespace fidelio {

ArmLimits limits_for(const RunOptions& options, const std::vector<PromptRecord>& prompts) {
  ArmLimits limits;
  for (const PromptRecord& prompt : prompts) {
    limits.capacity =
        std::max(limits.capacity, prompt.ids.size() + static_cast<std::size_t>(options.max_tokens));
    for (const std::size_t width :
         prefill_chunks(prompt.ids.size(), static_cast<std::size_t>(options.prefill_chunk))) {
      limits.max_step = std::max(limits.max_step, width);
    }
  }
  for (const std::int64_t width : options.widths) {
    limits.max_step = std::max(limits.max_step, static_cast<std::size_t>(width));
  }
  return limits;
}

namespace {

std::string ids_hash(const std::vector<std::int32_t>& ids) {
  return xxh3_128_hex(std::as_bytes(std::span(ids)));
}

}  // namespace

SideBySide::SideBySide(const LoadedModel& model, const RunOptions& options, const Sides& sides,
                       Record& record, Progress& progress, std::function<void()> save)
    : model_(model),
      options_(options),
      record_(record),
      progress_(progress),
      save_(std::move(save)),
      team_(static_cast<std::size_t>(record.options.threads)),
      baseline_kernels_(sides.baseline_kernels),
      rope_(rope_table_for(model, limits_for(options, record.prompts).capacity)),
      baseline_("baseline", model, {}, sides.baseline_kernels, team_, rope_,
                limits_for(options, record.prompts)),
      patched_("patched", model, sides.patches, sides.patched_kernels, team_, rope_,
               limits_for(options, record.prompts)) {
  patched_.leave(sides.left);
}

std::int64_t SideBySide::work(const RunOptions& options, std::size_t n_prompts) {
  return static_cast<std::int64_t>(n_prompts) * (2 + 2 * options.runs) +
         Examination::work(options, n_prompts);
}

void SideBySide::run() {
  const auto n_prompts = static_cast<std::int64_t>(record_.prompts.size());
  try {
    warm_up_and_examine();
    for (std::int64_t pair = 0; pair < options_.runs; ++pair) {
      for (std::int64_t prompt = 0; prompt < n_prompts; ++prompt) {
        progress_.phase(fmt::format("pair {} of {}", pair + 1, options_.runs));
        time_pair(pair, prompt);
        record_plans();
        save_();
      }
    }
    record_.complete = true;
  } catch (const Interrupted&) {
    record_.interruption = "SIGINT";
    record_plans();
    throw;
  }
  record_plans();
}

void SideBySide::examine() {
  warm_up_and_examine();
  record_.complete = true;
  record_plans();
}

void SideBySide::warm_up_and_examine() {
  progress_.phase("warm-up");
  for (std::size_t prompt = 0; prompt < record_.prompts.size(); ++prompt)
    warm_up(static_cast<std::int64_t>(prompt));
  Examination(model_, options_, baseline_, patched_, baseline_kernels_, rope_, team_, record_,
              progress_)
      .run();
  malloc_trim(0);  // what the examination held is no memory of the timed runs
}

void SideBySide::warm_up(std::int64_t prompt) {
  GenerationRecord generation;
  generation.prompt = prompt;
  generation.baseline = timed_run(baseline_, -1, prompt);
  generation.patched = timed_run(patched_, -1, prompt);
  record_.generations.push_back(std::move(generation));
}

void SideBySide::time_pair(std::int64_t pair, std::int64_t prompt) {
  // AB, BA, AB, ...: a drift of the machine's speed then favours neither arm.
  Arm& first = pair % 2 == 0 ? baseline_ : patched_;
  Arm& second = pair % 2 == 0 ? patched_ : baseline_;
  const std::size_t finished = record_.runs.size();
  try {
    timed_run(first, pair, prompt);
    timed_run(second, pair, prompt);
  } catch (const Interrupted&) {
    record_.runs.resize(finished);  // half a pair is no pair
    throw;
  }
  probe_bandwidth();
}

SequenceRecord SideBySide::timed_run(Arm& arm, std::int64_t pair, std::int64_t prompt) {
  const auto at = static_cast<std::size_t>(prompt);
  const std::vector<std::int32_t>& ids = record_.prompts[at].ids;
  GenerateOptions generate_options;
  generate_options.max_tokens = options_.max_tokens;
  generate_options.prefill_chunk = options_.prefill_chunk;
  if (!options_.ignore_eos) generate_options.stop_ids = model_.eos_token_ids;
  // Once the arms have chosen different ids, both are fed the baseline's, so that they do the same
  // work.
  if (pair >= 0 && record_.generations[at].baseline.ids != record_.generations[at].patched.ids) {
    generate_options.forced = record_.generations[at].baseline.ids;
  }

  require_ieee_mode();
  const RunAccounting accounting;
  accounting.reset_peak_memory();
  const std::int64_t steal = accounting.steal_ticks();
  const std::int64_t switches = accounting.involuntary_switches();
  const Generation generation = generate(arm.decoder(), ids, generate_options);
  require_ieee_mode();

  RunRecord run;
  run.order = static_cast<std::int64_t>(record_.runs.size());
  run.pair = pair;
  run.arm = arm.name();
  run.prompt = prompt;
  run.teacher_forced = !generate_options.forced.empty();
  run.prefill_tokens = static_cast<std::int64_t>(ids.size());
  run.first_token_ns = generation.first_token_ns;
  run.decode_tokens = static_cast<std::int64_t>(generation.ids.size()) - 1;
  run.decode_ns = generation.decode_ns;
  run.ids_xxh3_128 = ids_hash(generation.ids);
  run.logit_xxh3_128 = generation.logit_xxh3_128;
  run.peak_memory_bytes = accounting.peak_memory_bytes();
  run.load_average = accounting.load_average();
  run.steal_ticks = accounting.steal_ticks() - steal;
  run.involuntary_switches = accounting.involuntary_switches() - switches;
  record_.runs.push_back(std::move(run));
  progress_.advance();

  if (pair < 0 && &arm == &baseline_) {
    const auto n = static_cast<double>(generation.ids.size());
    record_.evidence.push_back({prompt, distinct_4gram_share(generation.ids),
                                loop_start(generation.ids),
                                static_cast<double>(generation.small_margins) / n});
  }
  return {generation.ids, generation.stopped ? "eos" : "max_tokens", generation.logit_xxh3_128};
}

void SideBySide::probe_bandwidth() {
  record_.bandwidth.push_back({record_.runs.back().order, probe_read_bandwidth(team_)});
}

void SideBySide::record_plans() {
  fill_patches(patched_, record_);
  fill_plans(baseline_, patched_, team_.size(), options_, record_);
  double context = 0;
  for (std::size_t p = 0; p < record_.generations.size(); ++p) {
    const auto generated = static_cast<double>(record_.generations[p].baseline.ids.size());
    context += (static_cast<double>(record_.prompts[p].ids.size()) + generated / 2) /
               static_cast<double>(record_.generations.size());
  }
  record_.decode_bytes_per_token =
      decode_bytes(*baseline_.width_plan(1).plan, model_.config(), context);
}

}  // namespace fidelio
