// How a kernel's work is divided: every thread calls the same kernel with its own Share. Work is
// split over outputs, never over a sum, so the division cannot change a bit.
#pragma once

#include <cstddef>

namespace fidelio {

struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Thread `index` of `count`, with scratch memory of its own (64-byte aligned; sized by the op's
/// `*_workspace_bytes`, contents undefined).
struct Share {
  std::size_t index = 0;
  std::size_t count = 1;
  std::byte* workspace = nullptr;

  /// This thread's part of n items: contiguous, sizes differing by at most one.
  Range of(std::size_t n) const { return {n * index / count, n * (index + 1) / count}; }
};

}  // namespace fidelio
