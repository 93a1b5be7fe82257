// What may differ between a capsule and its repetition, and how both are shown.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "capsules/printable.h"
#include "capsules/replay.h"
#include "capsules/report_figures.h"
#include "capsules/timing.h"

namespace fidelio {
namespace {

using nlohmann::ordered_json;

std::string speed_text(const Record& record, Phase phase) {
  const PhaseTiming timing = judge_timing(record, phase);
  if (timing.pairs == 0) return "not timed";
  return fmt::format("{}, {}, {} pairs", speedup_text(timing), timing.outcome, timing.pairs);
}

std::string program_text(const Record& record) {
  const ProgramRecord& p = record.program;
  return fmt::format("{} {}{}, {}", p.version, p.git_commit.substr(0, 12),
                     p.git_dirty ? " (modified)" : "", p.compiler);
}

std::string machine_text(const Record& record) {
  const HardwareRecord& hw = record.hardware;
  return fmt::format("{}, {} processors, {}", hw.cpu_model, hw.logical_cpus,
                     bytes_text(static_cast<double>(hw.memory_bytes)));
}

std::string checks_text(const char* title, const std::vector<ReplayCheck>& checks) {
  std::size_t widest = 0;
  for (const ReplayCheck& check : checks) widest = std::max(widest, check.what.size());
  std::string text = std::string(title) + "\n";
  for (const ReplayCheck& check : checks)
    text += fmt::format("  {:{}}  {:14}  {}\n", printable(check.what), widest, check.outcome,
                        printable(check.sentence));
  return text;
}

ordered_json checks_json(const std::vector<ReplayCheck>& checks) {
  ordered_json out = ordered_json::array();
  for (const ReplayCheck& check : checks)
    out.push_back({{"what", check.what}, {"outcome", check.outcome}, {"sentence", check.sentence}});
  return out;
}

std::int64_t count(const ReplayResult& result, const char* outcome) {
  std::int64_t n = 0;
  for (const auto* checks : {&result.inputs, &result.outputs})
    n += std::count_if(checks->begin(), checks->end(),
                       [&](const ReplayCheck& check) { return check.outcome == outcome; });
  return n;
}

const char* outcome_word(const ReplayResult& result) {
  return result.exit_code == 0   ? "REPRODUCED"
         : result.exit_code == 1 ? "DIFFERS"
                                 : "NOT COMPARABLE";
}

}  // namespace

std::vector<ReplayFact> replay_facts(const Record& recorded, const Record& replayed) {
  const auto fact = [&](const char* what, auto&& text) {
    return ReplayFact{what, text(recorded), text(replayed)};
  };
  return {
      fact("decode", [](const Record& r) { return speed_text(r, Phase::decode); }),
      fact("prefill", [](const Record& r) { return speed_text(r, Phase::prefill); }),
      fact("kernels", [](const Record& r) { return r.hardware.vector_target; }),
      fact("threads", [](const Record& r) { return std::to_string(r.options.threads); }),
      fact("machine", machine_text),
      fact("system", [](const Record& r) { return r.system.os + ", Linux " + r.system.kernel; }),
      fact("Fidelio", program_text),
      fact("numerics", [](const Record& r) { return std::to_string(r.numerics_version); }),
      fact("created", [](const Record& r) { return r.created; }),
  };
}

std::string replay_text(const ReplayResult& result) {
  std::string text = checks_text("What went in", result.inputs);
  if (!result.outputs.empty()) text += checks_text("What must agree", result.outputs);
  if (!result.facts.empty()) text += "What may differ\n";
  for (const ReplayFact& fact : result.facts) {
    const std::string recorded = printable(fact.recorded);
    const std::string replayed = printable(fact.replayed);
    text += recorded == replayed
                ? fmt::format("  {:9} {}\n", fact.what, recorded)
                : fmt::format("  {:9} recorded {}; now {}\n", fact.what, recorded, replayed);
  }
  text += fmt::format("{}: {} agree, {} differ, {} not comparable", outcome_word(result),
                      count(result, "agrees"), count(result, "differs"),
                      count(result, "not comparable"));
  if (result.outputs.empty()) text += "; nothing was run on other inputs";
  return text + "\n";
}

std::string replay_json(const ReplayResult& result) {
  ordered_json facts = ordered_json::array();
  for (const ReplayFact& fact : result.facts)
    facts.push_back({{"what", fact.what}, {"recorded", fact.recorded}, {"now", fact.replayed}});
  const ordered_json out = {{"outcome", outcome_word(result)},
                            {"exit_code", result.exit_code},
                            {"inputs", checks_json(result.inputs)},
                            {"outputs", checks_json(result.outputs)},
                            {"may_differ", facts}};
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace fidelio
