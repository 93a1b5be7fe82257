// The one exception for what a user can mend: a bad file, flag or prompt. Thrown once, caught in
// main, printed as one message, exit code 2. Programmer errors are checks (core/check.h), not
// exceptions.
#pragma once

#include <stdexcept>

namespace fidelio {

/// The message says what was found, what was expected, and where (file, tensor, flag).
struct UserError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace fidelio
