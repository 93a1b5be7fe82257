#include "validate/record_plans.h"

#include <algorithm>

#include "core/prefill_chunks.h"

namespace fidelio {
namespace {

const PatchReport* find_report(const WidthPlan& plan, std::string_view patch) {
  for (const PatchReport& report : plan.reports) {
    if (report.patch == patch) return &report;
  }
  return nullptr;
}

/// The plan for one token where it applies the patch, else the plan that applies most sites.
const PatchReport* best_report(const Arm& arm, std::string_view patch) {
  const PatchReport* best = nullptr;
  for (const auto& [width, plan] : arm.widths()) {
    const PatchReport* report = find_report(plan, patch);
    if (report != nullptr && (best == nullptr || report->applied > best->applied)) best = report;
  }
  return best;
}

}  // namespace

void fill_patches(const Arm& patched, Record& record) {
  record.patches.clear();
  for (const Patch* patch : patched.patches()) {
    PatchRecord out;
    out.name = patch->name;
    out.numerics = numerics_name(patch->numerics);
    out.requested_by_name = record.options.patches_by_name;
    out.calls = patched.calls(*patch);
    out.rounding = rounding_texts(*patch);
    if (const PatchReport* report = best_report(patched, patch->name)) {
      out.sites_applied = report->applied;
      for (const SiteReport& site : report->sites) {
        if (!site.refusal) continue;
        out.refusals.push_back(
            {site.site, std::string(reason_id(site.refusal->reason)), site.refusal->detail});
      }
    }
    record.patches.push_back(std::move(out));
  }
}

void fill_plans(Arm& baseline, const Arm& patched, std::size_t n_threads, const RunOptions& options,
                Record& record) {
  record.plans.clear();
  std::size_t capacity = 0;
  for (const PromptRecord& prompt : record.prompts) {
    capacity = std::max(capacity, prompt.ids.size() + static_cast<std::size_t>(options.max_tokens));
  }
  for (const auto& [width, plan] : patched.widths()) {
    PlanRecord out;
    out.n_tokens = static_cast<std::int64_t>(width);
    for (const PatchReport& report : plan.reports) {
      if (report.applied > 0) out.patches.push_back(report.patch);
      out.sites_applied += report.applied;
    }
    const Plan& unfused = *baseline.width_plan(width).plan;
    out.scratch_bytes_baseline =
        static_cast<std::int64_t>(unfused.scratch_bytes(width, n_threads, capacity));
    out.scratch_bytes_patched =
        static_cast<std::int64_t>(plan.plan->scratch_bytes(width, n_threads, capacity));
    for (const RunRecord& run : record.runs) {
      if (run.arm != patched.name()) continue;
      const auto chunks = prefill_chunks(static_cast<std::size_t>(run.prefill_tokens),
                                         static_cast<std::size_t>(options.prefill_chunk));
      out.prefill_steps += std::count(chunks.begin(), chunks.end(), width);
      if (width == 1) out.decode_steps += run.decode_tokens;
    }
    record.plans.push_back(std::move(out));
  }
}

}  // namespace fidelio
