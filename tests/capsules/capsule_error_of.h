// The message of the CapsuleError that an action throws; a failure where it throws none.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "capsules/capsule_error.h"

namespace fidelio::testing {

template <class Action>
std::string capsule_error_of(Action&& action) {
  try {
    action();
  } catch (const CapsuleError& error) {
    return error.what();
  }
  ADD_FAILURE() << "expected a CapsuleError, none was thrown";
  return "";
}

}  // namespace fidelio::testing
