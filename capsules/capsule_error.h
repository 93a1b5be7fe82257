// What is wrong with a capsule, or with writing one; caught in main like core's UserError (exit 2).
// capsules/ depends on nothing of ours, hence its own type.
#pragma once

#include <stdexcept>

namespace fidelio {

/// Names the file, the JSON path, what was found and what was expected.
struct CapsuleError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace fidelio
