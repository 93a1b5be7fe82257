// embedding: y[t] = row ids[t] of w, widened to float32 (contract::weight_value).
//   w [vocab, hidden] in any WeightFormat; ids [n_tokens], each in [0, vocab) - checked by the
//   caller; y [n_tokens, hidden]. Exact, so one scalar implementation serves every target. Work is
//   split over columns.
#pragma once

#include "kernels/share.h"
#include "kernels/weights.h"

namespace fidelio {

struct EmbeddingArgs {
  WeightView w;
  const std::int32_t* ids = nullptr;
  float* y = nullptr;
  std::size_t n_tokens = 0;
};

using EmbeddingFn = void (*)(const EmbeddingArgs&, Share);

void embedding_ref(const EmbeddingArgs& args, Share share);

}  // namespace fidelio
