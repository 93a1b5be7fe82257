// How large the random values of each part are, so that a model of any depth stays sane:
// activations near 1, a residual stream that grows by a small factor over all layers, logits and
// router logits of order 1. How values are drawn and stored is tensor_content.h.
#pragma once

#include "validate/synth/model_tensors.h"

namespace fidelio::synth {

/// Of a uniform distribution.
struct Spread {
  float mean = 0;
  float deviation = 0;  ///< standard deviation

  bool operator==(const Spread&) const = default;
};

Spread spread_of(const ModelTensor& tensor, const Architecture& architecture);

}  // namespace fidelio::synth
