#include "tests/catalogue/defect_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace fidelio::catalogue {
namespace {

constexpr const char* kRow = "{:<30} {:<13} {:<24} {:<8} {:>4}  {:<14} {:<44} {}";

std::string where(const DefectOutcome& o) {
  if (!o.culprit) return "-";
  return fmt::format("{}, layer {}, {}, position {}, width {}",
                     o.culprit->patch.empty() ? "no patch" : o.culprit->patch, o.culprit->layer,
                     o.culprit->op, o.culprit->position, o.culprit->width);
}

std::string right(const DefectOutcome& o) {
  if (o.right()) return "yes";
  if (!o.caught()) return "NO: not caught";
  return "NO: " + (o.harm ? o.wrong : std::string("caught, yet nothing was harmed"));
}

}  // namespace

std::string defect_header() {
  return fmt::format(fmt::runtime(kRow), "defect", "trigger", "model", "verdict", "exit",
                     "ids unchanged", "bisected to", "right");
}

std::string defect_row(const DefectOutcome& o) {
  if (!o.not_applicable.empty())
    return fmt::format("{:<30} {:<13} {:<24} not applicable: {}", o.name, trigger_name(o.trigger),
                       o.model, o.not_applicable);
  return fmt::format(fmt::runtime(kRow), o.name, trigger_name(o.trigger), o.model, o.verdict,
                     o.exit_code, fmt::format("{} of {}", o.ids_unchanged ? "yes" : "no", o.ids),
                     where(o), right(o));
}

std::string defect_summary(const std::vector<DefectOutcome>& outcomes) {
  const auto count = [&](auto&& matches) {
    return std::count_if(outcomes.begin(), outcomes.end(), matches);
  };
  const auto not_applicable =
      count([](const DefectOutcome& o) { return !o.not_applicable.empty(); });
  const auto cases = static_cast<std::ptrdiff_t>(outcomes.size()) - not_applicable;
  const auto located = count([](const DefectOutcome& o) { return o.located; });
  return fmt::format(
      "caught {} of {}, located {} of {}, {} of them with unchanged ids; not applicable: {}",
      count([](const DefectOutcome& o) { return o.caught(); }), cases, located, cases,
      count([](const DefectOutcome& o) { return o.caught() && o.ids_unchanged; }), not_applicable);
}

}  // namespace fidelio::catalogue
