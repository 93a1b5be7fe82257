// columns: y[r] = the part-th of `parts` equal parts of row r: x [n_rows, parts * size], y [n_rows,
// size]. take: y[r][s] = x[r][ids[r][s]]: x [n_rows, size], ids and y [n_rows, top_k], ids in [0,
// size) - checked by the caller.
//   Copies; y must not overlap x.
// Source: the split of LFM2's in_proj (Liquid AI 2025); the unbiased scores of chosen experts
// (DeepSeek-V3, 2024).
#pragma once

#include <cstdint>

#include "kernels/share.h"

namespace fidelio {

struct ColumnsArgs {
  const float* x = nullptr;
  float* y = nullptr;
  std::size_t n_rows = 0;
  std::size_t size = 0;  ///< of y's rows
  std::size_t part = 0;
  std::size_t parts = 1;
};

struct TakeArgs {
  const float* x = nullptr;
  const std::int32_t* ids = nullptr;
  float* y = nullptr;
  std::size_t n_rows = 0;
  std::size_t size = 0;  ///< of x's rows
  std::size_t top_k = 0;
};

using ColumnsFn = void (*)(const ColumnsArgs&, Share);
using TakeFn = void (*)(const TakeArgs&, Share);

void columns_ref(const ColumnsArgs& args, Share share);  ///< exact: serves every target
void take_ref(const TakeArgs& args, Share share);        ///< exact: serves every target

}  // namespace fidelio
