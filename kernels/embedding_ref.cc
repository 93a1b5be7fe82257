// embedding, as specified; exact on every processor, so there is no vector version.
#include "kernels/contract.h"
#include "kernels/embedding.h"

namespace fidelio {

void embedding_ref(const EmbeddingArgs& args, Share share) {
  const Range cols = share.of(args.w.cols);
  for (std::size_t t = 0; t < args.n_tokens; ++t) {
    const auto row = static_cast<std::size_t>(args.ids[t]);
    for (std::size_t c = cols.begin; c < cols.end; ++c) {
      args.y[t * args.w.cols + c] = contract::weight_value(args.w, row, c);
    }
  }
}

}  // namespace fidelio
