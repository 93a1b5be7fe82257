// linear as a function of its weights and activations, for tests of weight formats.
#pragma once

#include <vector>

#include "tests/kernels/on_every_target.h"

namespace fidelio::testing {

inline std::vector<float> linear_products(const KernelTable& table, const WeightView& w,
                                          const std::vector<float>& x, std::size_t n_tokens,
                                          std::size_t threads) {
  std::vector<float> y(n_tokens * w.rows, -1.0F);
  run_shares(table.linear, LinearArgs{w, x.data(), y.data(), n_tokens}, threads);
  return y;
}

}  // namespace fidelio::testing
