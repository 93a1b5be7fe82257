// softmax, normalize and top_k: the row-wise operations of a router.
//   softmax:   y = exp(x - max) / sum for each of n_rows rows of `size`; max propagates NaN; sum in
//   lanes i mod 16, then
//              the tree; IEEE division. y may be x.
//   normalize: y[i] = x[i] / sum, sum in ascending order from x[0], then + eps unless that is 0. y
//   may be x.
//   top_k:     the k largest of each row, strongest first; equal values: the lower id first; NaN
//   counts as larger than
//              everything, so that it shows. values [n_rows, k], ids [n_rows, k].
// Source: routing of Mixtral (Jiang et al. 2024) and Qwen3-MoE (2025).
#pragma once

#include <cstdint>

#include "kernels/share.h"

namespace fidelio {

struct RowsArgs {
  const float* x = nullptr;
  float* y = nullptr;
  std::size_t n_rows = 0;
  std::size_t size = 0;
};

struct NormalizeArgs {
  const float* x = nullptr;
  float* y = nullptr;
  std::size_t n_rows = 0;
  std::size_t size = 0;
  float eps = 0;
};

struct TopKArgs {
  const float* x = nullptr;
  float* values = nullptr;
  std::int32_t* ids = nullptr;
  std::size_t n_rows = 0;
  std::size_t size = 0;
  std::size_t k = 0;
};

using SoftmaxFn = void (*)(const RowsArgs&, Share);
using NormalizeFn = void (*)(const NormalizeArgs&, Share);
using TopKFn = void (*)(const TopKArgs&, Share);

void softmax_ref(const RowsArgs& args, Share share);
SoftmaxFn softmax_simd();
void normalize_ref(const NormalizeArgs& args, Share share);  ///< exact: serves every target
void top_k_ref(const TopKArgs& args, Share share);           ///< exact: serves every target

/// One row each, shared with the fused router.
void normalize_row(const float* x, float* y, std::size_t size, float eps);
void top_k_row(const float* x, float* values, std::int32_t* ids, std::size_t size, std::size_t k);

}  // namespace fidelio
