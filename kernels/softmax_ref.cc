// softmax, normalize and top_k, as specified. The latter two round nowhere that a vector could
// change, so they serve every target.
#include <cmath>

#include "kernels/contract.h"
#include "kernels/softmax.h"

namespace fidelio {

void softmax_ref(const RowsArgs& args, Share share) {
  const Range rows = share.of(args.n_rows);
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    const float* x = args.x + row * args.size;
    float* y = args.y + row * args.size;
    float max = -std::numeric_limits<float>::infinity();
    for (std::size_t i = 0; i < args.size; ++i) max = contract::max_nan(max, x[i]);
    float lanes[contract::kLanes] = {};
    for (std::size_t i = 0; i < args.size; ++i) {
      y[i] = contract::exp(x[i] - max);
      lanes[i % 16] += y[i];
    }
    const float sum = contract::reduce_lanes(lanes);
    for (std::size_t i = 0; i < args.size; ++i) y[i] /= sum;
  }
}

void normalize_row(const float* x, float* y, std::size_t size, float eps) {
  float sum = x[0];
  for (std::size_t i = 1; i < size; ++i) sum += x[i];
  if (eps != 0) sum += eps;
  for (std::size_t i = 0; i < size; ++i) y[i] = x[i] / sum;
}

void normalize_ref(const NormalizeArgs& args, Share share) {
  const Range rows = share.of(args.n_rows);
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    normalize_row(args.x + row * args.size, args.y + row * args.size, args.size, args.eps);
  }
}

void top_k_row(const float* x, float* values, std::int32_t* ids, std::size_t size, std::size_t k) {
  const auto before = [](float a, float b) { return a > b || (std::isnan(a) && !std::isnan(b)); };
  for (std::size_t filled = 0, i = 0; i < size; ++i) {
    std::size_t slot = filled;  // insertion: ids arrive in ascending order, so ties stay behind
    while (slot > 0 && before(x[i], values[slot - 1])) --slot;
    if (slot == k) continue;
    if (filled < k) ++filled;
    for (std::size_t j = filled - 1; j > slot; --j) {
      values[j] = values[j - 1];
      ids[j] = ids[j - 1];
    }
    values[slot] = x[i];
    ids[slot] = static_cast<std::int32_t>(i);
  }
}

void top_k_ref(const TopKArgs& args, Share share) {
  const Range rows = share.of(args.n_rows);
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    top_k_row(args.x + row * args.size, args.values + row * args.k, args.ids + row * args.k,
              args.size, args.k);
  }
}

}  // namespace fidelio
