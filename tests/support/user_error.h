// What a UserError says, for tests of bad input.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "core/user_error.h"

namespace fidelio::testing {

/// The message of the UserError that `action` throws; fails the test and gives "" when it throws
/// none. Any other exception goes through to GoogleTest.
template <typename Action>
std::string user_error_of(Action&& action) {
  try {
    action();
  } catch (const UserError& error) {
    return error.what();
  }
  ADD_FAILURE() << "expected a UserError, none was thrown";
  return "";
}

}  // namespace fidelio::testing
