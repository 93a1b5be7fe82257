// What one rule says of a record.
// Internal to capsules/.
#pragma once

#include <string>

namespace fidelio {

/// Whether a rule holds, and the figures that it was decided by; both ways there is a sentence.
struct Finding {
  bool holds = false;
  std::string sentence;
};

}  // namespace fidelio
