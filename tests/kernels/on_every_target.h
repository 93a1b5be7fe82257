// Runs a kernel as the scalar reference and on every vector target and thread count, and holds the
// results to each other bit for bit. The expected and the actual buffers never alias.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "kernels/table.h"

namespace fidelio::testing {

/// Equality of bits, not of values: -0 differs from +0, and a NaN equals only its own pattern.
MATCHER_P(SameBitsAs, expected, "the same bits") {
  if (arg.size() != expected.size()) return false;
  for (std::size_t i = 0; i < arg.size(); ++i) {
    if (std::memcmp(&arg[i], &expected[i], sizeof(arg[i])) != 0) {
      *result_listener << "first difference at " << i << ": " << arg[i] << " instead of "
                       << expected[i];
      return false;
    }
  }
  return true;
}

/// All threads of a kernel, one after the other, each with workspace of its own.
template <class Fn, class Args>
void run_shares(Fn fn, const Args& args, std::size_t n_threads, std::size_t workspace_bytes = 0) {
  for (std::size_t t = 0; t < n_threads; ++t) {
    std::vector<float> workspace(workspace_bytes / sizeof(float) + 16, -7.0F);
    fn(args, Share{t, n_threads, reinterpret_cast<std::byte*>(workspace.data())});
  }
}

/// run(table, n_threads) returns the outputs; every target and thread count must give the
/// reference's bits.
template <class Run>
void expect_reference_bits_everywhere(Run run) {
  const std::vector<float> expected = run(ref_kernels(), std::size_t{1});
  for (const std::string& target : kernel_targets()) {
    const KernelTable table = kernels_for(target);
    for (const std::size_t n_threads : {1UL, 2UL, 3UL}) {
      const std::vector<float> actual = run(table, n_threads);
      ASSERT_THAT(actual, SameBitsAs(expected)) << target << ", " << n_threads << " threads";
    }
  }
}

}  // namespace fidelio::testing
