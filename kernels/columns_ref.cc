// columns and take, as specified.
#include <cstring>

#include "kernels/columns.h"

namespace fidelio {

void columns_ref(const ColumnsArgs& args, Share share) {
  const Range rows = share.of(args.n_rows);
  for (std::size_t r = rows.begin; r < rows.end; ++r) {
    std::memcpy(args.y + r * args.size, args.x + (r * args.parts + args.part) * args.size,
                args.size * sizeof(float));
  }
}

void take_ref(const TakeArgs& args, Share share) {
  const Range rows = share.of(args.n_rows);
  for (std::size_t r = rows.begin; r < rows.end; ++r) {
    for (std::size_t s = r * args.top_k; s < (r + 1) * args.top_k; ++s)
      args.y[s] = args.x[r * args.size + static_cast<std::size_t>(args.ids[s])];
  }
}

}  // namespace fidelio
