#include "validate/op_checks/op_report.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace fidelio {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

}  // namespace

std::string ops_table(const OpCheckResult& result) {
  constexpr std::size_t kShownFailures = 3;
  std::string text =
      fmt::format("{:<18}{:>7}{:>16}  {}\n", "op", "cases", "error/bound", "verdict");
  for (const OpSummary& op : result.ops) {
    const std::string verdict = op.n_failed != 0  ? fmt::format("{} FAILED", op.n_failed)
                                : op.n_cases == 0 ? "-"
                                                  : "pass";
    const std::string share = op.n_judged == 0 ? "-" : fmt::format("{:.3f}", op.worst_share);
    text += fmt::format("{:<18}{:>7}{:>16}  {}\n", op.op, op.n_cases, share, verdict);
  }
  for (const OpSummary& op : result.ops) {
    std::size_t shown = 0;
    for (const OpFailure& failure : result.failures) {
      if (failure.op == op.op && shown++ < kShownFailures)
        text += "  " + failure_text(failure) + "\n";
    }
    if (shown > kShownFailures)
      text += fmt::format("  {}: and {} more\n", op.op, shown - kShownFailures);
  }
  return text;
}

std::string ops_json(const OpCheckResult& result, const std::string& target, std::uint64_t seed,
                     const std::string& case_file, int exit_code) {
  Json json;
  json["target"] = target;
  json["seed"] = seed;
  json["ops"] = Json::array();
  for (const OpSummary& op : result.ops) {
    json["ops"].push_back({{"op", op.op},
                           {"cases", op.n_cases},
                           {"failed", op.n_failed},
                           {"judged_elements", op.n_judged},
                           {"worst_share_of_bound", number(op.worst_share)}});
  }
  json["failures"] = Json::array();
  for (const OpFailure& failure : result.failures) {
    json["failures"].push_back({{"op", failure.op},
                                {"case", failure.case_text},
                                {"seed", failure.seed},
                                {"kind", failure.kind},
                                {"array", failure.array},
                                {"element", failure.element},
                                {"found", number(failure.found)},
                                {"expected", number(failure.expected)},
                                {"bound", number(failure.bound)}});
  }
  json["case_file"] = case_file.empty() ? Json(nullptr) : Json(case_file);
  json["exit_code"] = exit_code;
  return json.dump(2) + "\n";
}

}  // namespace fidelio
