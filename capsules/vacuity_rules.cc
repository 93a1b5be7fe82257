#include "capsules/vacuity_rules.h"

#include <fmt/format.h>

#include <algorithm>

namespace fidelio {
namespace {

/// A patch asked for by name that did nothing.
Finding find_idle_by_name(const Record& record) {
  for (const PatchRecord& patch : record.patches) {
    const bool by_name = record.options.patches_by_name || patch.requested_by_name;
    if (by_name && (patch.sites_applied == 0 || patch.calls == 0))
      return {true, fmt::format("{} was asked for by name, applied at {} sites and called {} times",
                                patch.name, patch.sites_applied, patch.calls)};
  }
  if (!record.options.patches_by_name) return {};
  for (const std::string& name : record.options.patches) {
    if (std::none_of(record.patches.begin(), record.patches.end(),
                     [&](const PatchRecord& patch) { return patch.name == name; }))
      return {true, fmt::format("{} was asked for by name and never tried", name)};
  }
  return {};
}

}  // namespace

Finding find_vacuous(const Record& record) {
  if (Finding idle = find_idle_by_name(record); idle.holds) return idle;
  std::int64_t applied = 0;
  std::int64_t called = 0;
  for (const PatchRecord& patch : record.patches) {
    applied += patch.sites_applied > 0 ? 1 : 0;
    called += patch.calls > 0 ? 1 : 0;
  }
  if (applied == 0) return {true, "no patch applied at any site"};
  if (called == 0) return {true, "no fused kernel was called"};
  return {false, fmt::format("of {} patches {} applied and {} were called", record.patches.size(),
                             applied, called)};
}

}  // namespace fidelio
