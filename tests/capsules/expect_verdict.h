// The assertion of every test of a verdict.
#pragma once

#include <gtest/gtest.h>

#include "capsules/exit_code.h"
#include "capsules/verdict.h"

namespace fidelio::testing {

inline void expect_verdict(const Record& record, const char* fidelity, int exit_code) {
  const VerdictRecord verdict = judge(record);
  EXPECT_EQ(verdict.fidelity, fidelity) << verdict.sentence;
  EXPECT_EQ(verdict.exit_code, exit_code) << verdict.sentence;
}

}  // namespace fidelio::testing
