// The assertions of tests of a verdict, and the smallest step over a limit.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "capsules/exit_code.h"
#include "capsules/verdict.h"

namespace fidelio::testing {

inline void expect_verdict(const Record& record, const char* fidelity, int exit_code) {
  const VerdictRecord verdict = judge(record);
  EXPECT_EQ(verdict.fidelity, fidelity) << verdict.sentence;
  EXPECT_EQ(verdict.exit_code, exit_code) << verdict.sentence;
}

/// INCOMPLETE, exit 4, with `missing` in the sentence.
inline void expect_incomplete(const Record& record, const char* missing) {
  expect_verdict(record, "INCOMPLETE", kInconclusive);
  EXPECT_THAT(judge(record).sentence, ::testing::HasSubstr(missing));
}

/// The next number above: what just exceeds a limit.
inline double above(double limit) {
  return std::nextafter(limit, std::numeric_limits<double>::infinity());
}

}  // namespace fidelio::testing
