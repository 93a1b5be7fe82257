// One run of one arm: prefill, then greedy decoding, timed. Free, or fed given ids so that two arms
// do the same work.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/decoder.h"

namespace fidelio {

struct GenerateOptions {
  std::int64_t max_tokens = 0;
  std::int64_t prefill_chunk = 0;      ///< 0: the default
  std::vector<std::int64_t> stop_ids;  ///< empty: never stop before max_tokens
  std::span<const std::int32_t>
      forced;  ///< when not empty: feed these instead of the arm's own choices
};

struct Generation {
  std::vector<std::int32_t> ids;  ///< the arm's own choices, the stopping id included
  bool stopped = false;           ///< at a stop id
  std::string logit_xxh3_128;     ///< over the logits of every step
  std::int64_t first_token_ns = 0;
  std::int64_t decode_ns = 0;  ///< ids 2 ... n; hashing is not in it
  std::int64_t small_margins = 0;
};

/// Throws Interrupted between steps. `decoder` is reset first.
Generation generate(Decoder& decoder, std::span<const std::int32_t> prompt,
                    const GenerateOptions& options);

}  // namespace fidelio
