// When a planted fault does harm. A trigger is a predicate over one kernel call, one token of it
// and one expert; what the harm is belongs in fault files (planted_fault.h).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/ops.h"
#include "kernels/share.h"

namespace fidelio::catalogue {

enum class Trigger : std::uint8_t {
  always,
  width_7,        ///< only in steps of seven tokens
  last_expert,    ///< only the rows and slots of expert E - 1
  late,           ///< only tokens at positions above 400
  second_thread,  ///< only what thread 1 writes
};

/// The last position at which `late` does nothing.
inline constexpr std::int64_t kLatePosition = 400;

std::span<const Trigger> all_triggers();
std::string_view trigger_name(Trigger trigger);
/// Throws UserError for an unknown name.
Trigger parse_trigger(const std::string& name, const std::string& file);

/// "", or why this trigger can never fire for this op.
std::string why_not_applicable(Trigger trigger, Op op);

/// One call of a kernel, as a trigger sees it.
struct CallSite {
  std::size_t n_tokens = 0;
  std::size_t thread = 0;
  std::int64_t first_position = 0;
};

/// False when nothing in this call is harmed.
bool fires_in_call(Trigger trigger, const CallSite& call);
bool fires_at_token(Trigger trigger, const CallSite& call, std::size_t token);
bool fires_at_expert(Trigger trigger, std::int32_t expert, std::size_t n_experts);

}  // namespace fidelio::catalogue
