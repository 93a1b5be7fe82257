// Whether figures of two capsules may be held against each other at all, and if not, why.
// Internal to capsules/ and its tests.
#pragma once

#include <string>
#include <vector>

#include "capsules/record.h"

namespace fidelio {

/// Something in which two capsules differ, so that what follows from it cannot be compared.
struct Incomparable {
  std::string what;  ///< "weights", "prompts", "threads"
  std::string a;
  std::string b;
  bool speed_alone = false;  ///< tokens and verdicts may still be compared
};

/// Empty where everything may be compared. Weights, config, tokenizer, prompts, numerics version,
/// max_tokens and ignore_eos concern all; threads, prefill chunk, vector target and hardware speed.
std::vector<Incomparable> incomparable(const Record& a, const Record& b);

/// "weights: 0123... against 4567...; threads: 2 against 4"; of those alone that concern more than
/// speed, unless `with_speed`.
std::string incomparable_text(const std::vector<Incomparable>& reasons, bool with_speed);

}  // namespace fidelio
