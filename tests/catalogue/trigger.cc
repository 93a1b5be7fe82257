// The table of triggers and their predicates.
#include "tests/catalogue/trigger.h"

#include <fmt/format.h>

#include "core/nearest_name.h"
#include "core/quote.h"
#include "core/user_error.h"

namespace fidelio::catalogue {
namespace {

constexpr Trigger kTriggers[] = {Trigger::always, Trigger::width_7, Trigger::last_expert,
                                 Trigger::late, Trigger::second_thread};

bool knows_experts(Op op) {
  return op == Op::router_topk || op == Op::gate_up_swiglu || op == Op::down_combine;
}

}  // namespace

std::span<const Trigger> all_triggers() { return kTriggers; }

std::string_view trigger_name(Trigger trigger) {
  switch (trigger) {
    case Trigger::always:
      return "always";
    case Trigger::width_7:
      return "width_7";
    case Trigger::last_expert:
      return "last_expert";
    case Trigger::late:
      return "late";
    case Trigger::second_thread:
      return "second_thread";
  }
  return "";
}

Trigger parse_trigger(const std::string& name, const std::string& file) {
  std::vector<std::string> known;
  for (const Trigger trigger : kTriggers) {
    if (trigger_name(trigger) == name) return trigger;
    known.emplace_back(trigger_name(trigger));
  }
  throw UserError(fmt::format("{}: no trigger {}{}", file, quote(name), did_you_mean(name, known)));
}

std::string why_not_applicable(Trigger trigger, Op op) {
  if (trigger == Trigger::last_expert && !knows_experts(op))
    return fmt::format("{} knows no experts", info(op).name);
  return "";
}

bool fires_in_call(Trigger trigger, const CallSite& call) {
  switch (trigger) {
    case Trigger::width_7:
      return call.n_tokens == 7;
    case Trigger::second_thread:
      return call.thread == 1;
    case Trigger::late:
      return fires_at_token(trigger, call, call.n_tokens - 1);
    case Trigger::always:
    case Trigger::last_expert:
      break;
  }
  return true;
}

bool fires_at_token(Trigger trigger, const CallSite& call, std::size_t token) {
  if (trigger != Trigger::late) return true;
  return call.first_position + static_cast<std::int64_t>(token) > kLatePosition;
}

bool fires_at_expert(Trigger trigger, std::int32_t expert, std::size_t n_experts) {
  if (trigger != Trigger::last_expert) return true;
  return expert == static_cast<std::int32_t>(n_experts) - 1;
}

}  // namespace fidelio::catalogue
