// How long a tokenizer may work on one text. Patterns look at it, as they alone can take long; what
// a single match may cost is core/tokenizers/regex.h's.
#pragma once

#include <chrono>

namespace fidelio::tokenizers {

/// Runs from its construction. Made once a text and passed down to every step, since files choose
/// how many steps there are and texts how many words: limits that began anew would add up.
class Budget {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kMaxTime{60};

  explicit Budget(std::chrono::milliseconds time = kMaxTime)
      : time_(time), end_(Clock::now() + time) {}

  bool is_spent() const { return Clock::now() >= end_; }
  std::chrono::milliseconds time() const { return time_; }

 private:
  std::chrono::milliseconds time_;
  Clock::time_point end_;
};

}  // namespace fidelio::tokenizers
