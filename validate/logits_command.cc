// validate logits: one arm's logits at every position of a prompt, as an .npy file that is written
// while they are computed.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <span>

#include "capsules/atomic_file.h"
#include "core/checksum.h"
#include "core/user_error.h"
#include "patches/catalogue.h"
#include "validate/arm.h"
#include "validate/commands.h"
#include "validate/kernel_target.h"
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

/// Feeds the ids, `width` a step, and writes each step's rows; returns the checksum of all rows.
std::string write_logits(Decoder& decoder, std::span<const std::int32_t> ids, std::size_t width,
                         AtomicFile& file) {
  StreamingXxh3 hash;
  while (!ids.empty()) {
    const std::size_t n = std::min(width, ids.size());
    const std::span<const std::byte> rows = std::as_bytes(decoder.step(ids.first(n), n));
    hash.update(rows);
    file.write({reinterpret_cast<const char*>(rows.data()), rows.size()});
    ids = ids.subspan(n);
  }
  return hash.hex();
}

}  // namespace

int logits_command(const LogitsOptions& options) {
  const bool patched = options.arm == "patched";
  const std::vector<const Patch*> patches =
      patched ? parse_patch_list(options.patches) : std::vector<const Patch*>();
  const KernelTable kernels = kernels_named(options.target);
  check_writable(options.out);
  const auto model = load_model(options.model, parse_load_mode(options.load));
  const std::vector<std::int32_t> ids = prompt_of(*model, options);

  RunOptions run;
  run.threads = options.threads;
  ThreadTeam team(static_cast<std::size_t>(thread_count(run)));
  const RopeTable rope = rope_table_for(*model, ids.size());
  const auto width = std::min(static_cast<std::size_t>(options.width), ids.size());
  Arm arm(options.arm, *model, patches, kernels, team, rope, {ids.size(), width});

  const auto rows = static_cast<std::int64_t>(ids.size());
  const std::int64_t cols = model->config().vocab_size;
  AtomicFile file(options.out);
  file.write(npy_header(rows, cols));
  const std::string digest = write_logits(arm.decoder(), ids, width, file);
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
