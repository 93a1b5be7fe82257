// Where along the generated tokens the arms differ: the events that a record holds, one by one. Who
// draws or lists them is elsewhere. Internal to capsules/.
#pragma once

#include <string>
#include <vector>

#include "capsules/record.h"

namespace fidelio {

enum class TokenEventKind : std::uint8_t {
  other_bits,    ///< the first logits with another bit, both arms on the same tokens
  other_token,   ///< another best token there, each arm with its own experts
  routed_token,  ///< the same with the baseline's experts
  route_flip,    ///< the widest of a layer
  divergence,    ///< the ids of the free runs go apart
  loop,          ///< an endless repetition begins
};

inline constexpr int kTokenEventKinds = 6;

/// "first other bits", "other token", ...
const char* token_event_name(TokenEventKind kind);

struct TokenEvent {
  TokenEventKind kind = TokenEventKind::other_bits;
  std::int64_t prompt = 0;
  std::int64_t position = 0;         ///< index of the generated token
  std::vector<std::int64_t> widths;  ///< tokens a step at which it was seen; none of free runs
  std::string what;                  ///< which tokens or experts
  std::string size;  ///< margin or gap against what rounding explains; empty: has none
};

/// By prompt and position; what is the same at several widths is one event.
std::vector<TokenEvent> token_events(const Record& record);

}  // namespace fidelio
