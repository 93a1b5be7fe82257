#include "validate/side_by_side.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>

#include "core/prefill_chunks.h"
#include "validate/decode_traffic.h"
#include "validate/evidence.h"
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

/// Calls of a later process come on top of those before. What its plans say of sites is no news:
/// it makes fewer plans than the examination did.
void inherit_patches(const std::vector<PatchRecord>& before, std::vector<PatchRecord>& patches) {
  for (const PatchRecord& old : before) {
    const auto same = std::find_if(patches.begin(), patches.end(),
                                   [&](const PatchRecord& p) { return p.name == old.name; });
    if (same == patches.end()) continue;
    const std::int64_t calls = same->calls;
    *same = old;
    same->calls += calls;
  }
}

/// Step widths that this process never ran stay as they were; of the others all runs were counted.
void inherit_plans(const std::vector<PlanRecord>& before, std::vector<PlanRecord>& plans) {
  for (const PlanRecord& old : before) {
    const auto same = [&](const PlanRecord& p) { return p.n_tokens == old.n_tokens; };
    if (std::none_of(plans.begin(), plans.end(), same)) plans.push_back(old);
  }
  std::sort(plans.begin(), plans.end(),
            [](const PlanRecord& a, const PlanRecord& b) { return a.n_tokens < b.n_tokens; });
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
               limits_for(options, record.prompts)),
      pairs_(model, options, baseline_, patched_, team_, record, progress) {
  patched_.leave(sides.left);
}

std::int64_t SideBySide::work(const RunOptions& options, std::size_t n_prompts) {
  return static_cast<std::int64_t>(n_prompts) * (2 + 2 * options.runs) +
         Examination::work(options, n_prompts);
}

void SideBySide::run() {
  begin();
  time_pairs(options_.runs);
  record_.complete = true;
}

void SideBySide::keep_when_interrupted(const std::function<void()>& action) {
  try {
    action();
  } catch (const Interrupted&) {
    record_.interruption = "SIGINT";
    record_plans();
    throw;
  }
  record_plans();
}

void SideBySide::examine() {
  begin();
  record_.complete = true;
}

void SideBySide::begin() {
  keep_when_interrupted([&] {
    progress_.phase("warm-up");
    for (std::size_t prompt = 0; prompt < record_.prompts.size(); ++prompt)
      warm_up(static_cast<std::int64_t>(prompt));
    Examination(model_, options_, baseline_, patched_, baseline_kernels_, rope_, team_, record_,
                progress_)
        .run();
  });
  malloc_trim(0);  // what the examination held is no memory of the timed runs
}

void SideBySide::warm_up(std::int64_t prompt) {
  const Generation baseline = pairs_.warm_up(baseline_, prompt);
  const auto n = static_cast<double>(baseline.ids.size());
  record_.evidence.push_back({prompt, distinct_4gram_share(baseline.ids), loop_start(baseline.ids),
                              static_cast<double>(baseline.small_margins) / n});
  const Generation patched = pairs_.warm_up(patched_, prompt);
  const auto sequence = [](const Generation& g) {
    return SequenceRecord{g.ids, g.stopped ? "eos" : "max_tokens", g.logit_xxh3_128};
  };
  record_.generations.push_back({prompt, sequence(baseline), sequence(patched)});
}

void SideBySide::join(LaunchRecord launch) {
  joined_ = true;
  inherited_patches_ = record_.patches;
  inherited_plans_ = record_.plans;
  record_.launches.push_back(std::move(launch));
  pairs_.set_launch(static_cast<std::int64_t>(record_.launches.size()) - 1);
  keep_when_interrupted([&] {
    progress_.phase(fmt::format("process {}, warm-up", record_.launches.size()));
    for (std::size_t prompt = 0; prompt < record_.prompts.size(); ++prompt) {
      pairs_.warm_up(baseline_, static_cast<std::int64_t>(prompt));
      pairs_.warm_up(patched_, static_cast<std::int64_t>(prompt));
    }
  });
}

void SideBySide::time_pairs(std::int64_t n) {
  keep_when_interrupted([&] {
    pairs_.time(n, [&] {
      record_plans();
      save_();
    });
  });
}

void SideBySide::record_plans() {
  fill_patches(patched_, record_);
  fill_plans(baseline_, patched_, team_.size(), options_, record_);
  if (joined_) {
    inherit_patches(inherited_patches_, record_.patches);
    inherit_plans(inherited_plans_, record_.plans);
  }
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
