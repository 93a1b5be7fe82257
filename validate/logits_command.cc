// validate logits: one arm's logits, or truth's, at every position of a prompt, as an .npy file
// that is written while they are computed.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <span>

#include "capsules/atomic_file.h"
#include "core/checksum.h"
#include "core/truth/truth.h"
#include "core/user_error.h"
#include "patches/catalogue.h"
#include "validate/arm.h"
#include "validate/available_memory.h"
#include "validate/commands.h"
#include "validate/fidelity/class_reference.h"
#include "validate/interrupt.h"
#include "validate/kernel_target.h"
#include "validate/memory_need.h"
#include "validate/npy_file.h"
#include "validate/prompts.h"
#include "validate/record_context.h"

namespace fidelio {
namespace {

/// The prompt's ids; checked against vocabulary and context as those of a run that generates
/// nothing.
std::vector<std::int32_t> prompt_of(const LoadedModel& model, const LogitsOptions& options) {
  if (!options.prompt && options.prompt_ids.empty())
    throw UserError("logits: found no prompt, expected --prompt-ids or --prompt");
  RunOptions run;
  run.prompt = options.prompt;
  run.prompt_ids = options.prompt_ids;
  run.max_tokens = 0;
  return read_prompts(model, run).front().ids;
}

/// True when a patch applied at any width that ran.
bool any_site_applied(const Arm& arm) {
  const auto applied = [](const PatchReport& report) { return report.applied > 0; };
  return std::any_of(arm.widths().begin(), arm.widths().end(), [&](const auto& width) {
    const std::vector<PatchReport>& reports = width.second.reports;
    return std::any_of(reports.begin(), reports.end(), applied);
  });
}

/// The logits of every row of a step of these ids.
using LogitsOfStep = std::function<std::span<const float>(std::span<const std::int32_t> ids)>;

/// Feeds the ids, `width` a step, and writes each step's rows; returns the checksum of all rows.
std::string write_logits(const LogitsOfStep& step, std::span<const std::int32_t> ids,
                         std::size_t width, AtomicFile& file) {
  StreamingXxh3 hash;
  while (!ids.empty()) {
    stop_if_interrupted();
    const std::size_t n = std::min(width, ids.size());
    const std::span<const std::byte> rows = std::as_bytes(step(ids.first(n)));
    hash.update(rows);
    file.write({reinterpret_cast<const char*>(rows.data()), rows.size()});
    ids = ids.subspan(n);
  }
  return hash.hex();
}

/// Truth's logits, rounded once to float32.
LogitsOfStep truth_step(const LoadedModel& model, const RopeTable& rope, ThreadTeam& team) {
  auto truth = std::make_shared<Truth>(model.graph, model.weights, rope, parallel_over(team));
  auto rows = std::make_shared<std::vector<float>>();
  return [truth, rows](std::span<const std::int32_t> ids) -> std::span<const float> {
    const TruthValue logits = truth->step(ids, ids.size());
    rows->assign(logits.x.begin(), logits.x.end());
    return *rows;
  };
}

}  // namespace

int logits_command(const LogitsOptions& options) {
  const InterruptGuard interrupts;  // before anything is written
  const bool patched = options.arm == "patched";
  const std::vector<const Patch*> patches =
      patched ? parse_patch_list(options.patches) : std::vector<const Patch*>();
  const KernelTable kernels = kernels_named(options.target);
  check_writable(options.out);
  const auto model = load_model(options.model, parse_load_mode(options.load), options.allow_swap);
  const std::vector<std::int32_t> ids = prompt_of(*model, options);

  RunOptions run;
  run.threads = options.threads;
  ThreadTeam team(static_cast<std::size_t>(thread_count(run)));
  const RopeTable rope = rope_table_for(*model, ids.size());
  const auto width = std::min(static_cast<std::size_t>(options.width), ids.size());
  if (!options.allow_swap) {
    const MemoryUse use{1, ids.size(), width, width};
    require_memory(model->id,
                   memory_need(model->checkpoint.tensors().total_bytes(), model->graph, use),
                   available_memory());
  }
  Arm arm(options.arm, *model, patches, kernels, team, rope, {ids.size(), width});
  LogitsOfStep step = [&arm](std::span<const std::int32_t> step_ids) {
    return arm.decoder().step(step_ids, step_ids.size());
  };
  if (options.arm == "truth") step = truth_step(*model, rope, team);

  const auto rows = static_cast<std::int64_t>(ids.size());
  const std::int64_t cols = model->config().vocab_size;
  AtomicFile file(options.out);
  file.write(npy_header(rows, cols));
  const std::string digest = write_logits(step, ids, width, file);
  file.commit();
  if (patched && !any_site_applied(arm)) {
    fmt::print(stderr,
               "warning: no patch applied at {} token{} a step: these are the baseline's logits\n",
               width, width == 1 ? "" : "s");
  }
  fmt::print("[{}, {}] {} xxh3 {}\n", rows, cols, options.out.string(), digest);
  return 0;
}

}  // namespace fidelio
