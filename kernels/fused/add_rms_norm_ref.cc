// add_rms_norm, as specified: the two unfused references a row at a time.
#include "kernels/elementwise.h"
#include "kernels/fused/add_rms_norm.h"
#include "kernels/rms_norm.h"

namespace fidelio {

void add_rms_norm_ref(const AddRmsNormArgs& args, Share share) {
  const Range rows = share.of(args.n_rows);
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    const std::size_t at = row * args.size;
    add_ref({args.a + at, args.b + at, args.sum + at, args.size}, Share{});
    rms_norm_ref({args.sum + at, args.weight, args.y + at, 1, args.size, args.eps}, Share{});
  }
}

}  // namespace fidelio
