#include "validate/replay_ops.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "capsules/json.h"
#include "capsules/site_rules.h"
#include "core/user_error.h"
#include "validate/fidelity/references.h"
#include "validate/fidelity/site_tests.h"
#include "validate/interrupt.h"
#include "validate/recorded_options.h"

namespace fidelio {
namespace {

/// Generated tokens whose steps are replayed: the scalar references are slow.
constexpr std::size_t kReplayedTokens = 24;
constexpr std::size_t kSampledRows = 8;

/// One token a step, the narrowest wider step and the widest.
std::vector<std::int64_t> replayed_widths(const Record& capsule) {
  std::vector<std::int64_t> widths = capsule.options.widths;
  std::sort(widths.begin(), widths.end());
  widths.erase(std::unique(widths.begin(), widths.end()), widths.end());
  if (widths.size() > 3) widths = {widths[0], widths[1], widths.back()};
  return widths;
}

class Replay {
 public:
  Replay(const LoadedModel& model, const Record& capsule, const KernelTable& kernels)
      : model_(model),
        capsule_(capsule),
        ids_(capsule.generations.at(0).baseline.ids),
        team_(static_cast<std::size_t>(std::max<std::int64_t>(1, capsule.options.threads))),
        rope_(rope_table_for(model, limits().capacity)),
        ref_("baseline", model, {}, reference_, team_, rope_, limits()),
        tested_("patched", model, recorded_patches(capsule), kernels, team_, rope_, limits()),
        pass_(ref_, tested_) {
    ids_.resize(std::min(ids_.size(), kReplayedTokens));
  }

  void run() {
    for (const std::int64_t width : replayed_widths(capsule_)) {
      const LockstepInput input{0, capsule_.prompts.at(0).ids, ids_, width,
                                capsule_.options.prefill_chunk};
      pass_.run(input, spread(input.first_position(), input.n_rows(), kSampledRows));
    }
    const ClassReference reference(model_, rope_, reference_, team_);
    for (auto& [name, site] : pass_.tallies())
      if (site.numerics != Numerics::bit_exact) test_site(reference, model_.graph, site);
  }

  /// A line an op; the number of sites that fail.
  int print() const {
    int failed = 0;
    fmt::print("{:<20}{:>10}{:>10}  {}\n", "op", "rows", "differing", "verdict");
    for (const auto& [op, rows] : pass_.rows_by_op()) {
      std::int64_t differing = 0;
      std::string verdict = "pass";
      for (const auto& [name, site] : pass_.tallies()) {
        if (site.record.op != info(op).name) continue;
        differing += site.record.differing_rows;
        const std::string failure = site_failure(site.record);
        if (failure.empty()) continue;
        verdict = fmt::format("FAILED at %{}: {}", name, failure);
        ++failed;
      }
      fmt::print("{:<20}{:>10}{:>10}  {}\n", info(op).name, rows, differing, verdict);
    }
    return failed;
  }

 private:
  ArmLimits limits() const {
    const std::size_t prompt = capsule_.prompts.at(0).ids.size();
    const auto widest = static_cast<std::size_t>(
        *std::max_element(capsule_.options.widths.begin(), capsule_.options.widths.end()));
    return {prompt + kReplayedTokens, std::max(prompt, widest)};
  }

  const LoadedModel& model_;
  const Record& capsule_;
  std::vector<std::int32_t> ids_;
  ThreadTeam team_;
  RopeTable rope_;
  const KernelTable reference_ = ref_kernels();
  Arm ref_;
  Arm tested_;
  SitePass pass_;
};

}  // namespace

int replay_ops(const OpsOptions& options, const KernelTable& kernels) {
  const Record capsule = read_capsule(*options.from_capsule);
  if (capsule.generations.empty() || capsule.generations[0].baseline.ids.empty() ||
      capsule.options.widths.empty())
    throw UserError(fmt::format("{}: found no generated tokens to replay",
                                options.from_capsule->filename().string()));
  const std::string name = options.model.value_or(recorded_model_name(capsule.model));
  const auto model = load_model(name, parse_load_mode(options.load));
  require_recorded_model(*model, capsule.model);
  const InterruptGuard interrupts;
  Replay replay(*model, capsule, kernels);
  replay.run();
  const int failed = replay.print();
  fmt::print("{}: {} sites failed on the activations of {}, kernels {}\n",
             failed == 0 ? "PASS" : "FAIL", failed, options.from_capsule->filename().string(),
             kernels.target);
  return failed == 0 ? 0 : 1;
}

}  // namespace fidelio
