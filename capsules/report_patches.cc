// What the patches did to the graph: sites, calls, refusals, and the plan of each step width.
#include <fmt/format.h>

#include <map>

#include "capsules/report_sections.h"

namespace fidelio {

ReportSection patches_section(const Record& record) {
  ReportSection out{"Patches", {}, {{"patch", "class", "sites", "calls", "refused"}}};
  for (const PatchRecord& patch : record.patches) {
    std::map<std::string, int> reasons;
    for (const RefusalRecord& refusal : patch.refusals) ++reasons[refusal.reason];
    std::string refused;
    for (const auto& [reason, count] : reasons) {
      refused += fmt::format("{}{} {}", refused.empty() ? "" : ", ", count, reason);
    }
    out.table.push_back({patch.name, patch.numerics, std::to_string(patch.sites_applied),
                         std::to_string(patch.calls), refused.empty() ? "-" : refused});
  }
  if (record.patches.empty()) {
    out.table.clear();
    out.lines.emplace_back("none: the baseline against itself");
  }
  return out;
}

ReportSection plans_section(const Record& record) {
  ReportSection out{"Plans by step width",
                    {},
                    {{"tokens", "sites", "scratch baseline", "scratch patched", "change",
                      "prefill steps", "decode steps"}}};
  for (const PlanRecord& plan : record.plans) {
    const auto before = static_cast<double>(plan.scratch_bytes_baseline);
    const auto after = static_cast<double>(plan.scratch_bytes_patched);
    out.table.push_back({std::to_string(plan.n_tokens), std::to_string(plan.sites_applied),
                         bytes_text(before), bytes_text(after),
                         before > 0 ? fmt::format("{:+.1f}%", 100 * (after / before - 1)) : "-",
                         std::to_string(plan.prefill_steps), std::to_string(plan.decode_steps)});
  }
  return out;
}

}  // namespace fidelio
