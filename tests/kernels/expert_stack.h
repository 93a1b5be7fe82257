// Random experts of one format and the ids that choose among them, for tests of kernels over
// selected experts.
#pragma once

#include <deque>
#include <vector>

#include "tests/support/random_weights.h"

namespace fidelio::testing {

inline constexpr std::size_t kExperts = 5;

struct Stack {
  std::deque<RandomWeights> owned;
  std::vector<WeightView> views;
};

inline Stack make_stack(WeightFormat format, std::size_t rows, std::size_t cols,
                        std::uint32_t seed) {
  Stack stack;
  for (std::uint32_t e = 0; e < kExperts; ++e) {
    stack.owned.push_back(random_weights(format, rows, cols, seed + 10 * e));
    stack.views.push_back(stack.owned.back().view);
  }
  return stack;
}

/// Distinct experts within a token; expert 3 is popular, expert 1 unused.
inline std::vector<std::int32_t> make_ids(std::size_t n_tokens, std::size_t top_k) {
  const std::int32_t order[4] = {3, 0, 4, 2};
  std::vector<std::int32_t> ids;
  for (std::size_t t = 0; t < n_tokens; ++t) {
    for (std::size_t s = 0; s < top_k; ++s) ids.push_back(order[s == 0 ? 0 : 1 + (s - 1 + t) % 3]);
  }
  return ids;
}

}  // namespace fidelio::testing
