// Where an op declares that it rounds, truth rounds too, and nowhere else: what is left between the
// two is then the op's own arithmetic.
#pragma once

#include "core/truth/truth_values.h"
#include "kernels/rounding.h"

namespace fidelio {

/// x as float32, which is what a kernel is given, rounded as declared.
template <class T>
Rows<T> declared_rounding(Rounding rounding, const Rows<T>& x) {
  std::vector<float> values(x.x.begin(), x.x.end());
  round_rows(rounding, values.data(), x.rows, x.width);
  return {x.rows, x.width, {values.begin(), values.end()}, {}};
}

}  // namespace fidelio
