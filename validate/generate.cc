#include "validate/generate.h"

#include <algorithm>
#include <chrono>

#include "core/checksum.h"
#include "validate/evidence.h"
#include "validate/interrupt.h"

namespace fidelio {
namespace {

using Clock = std::chrono::steady_clock;

std::int64_t nanoseconds(Clock::duration elapsed) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count();
}

}  // namespace

Generation generate(Decoder& decoder, std::span<const std::int32_t> prompt,
                    const GenerateOptions& options) {
  Generation out;
  StreamingXxh3 hash;
  const auto look_at = [&](std::span<const float> logits) {  // outside the clock
    hash.update(std::as_bytes(logits));
    out.small_margins += has_small_margin(logits) ? 1 : 0;
  };
  const auto n = static_cast<std::size_t>(options.forced.empty()
                                              ? options.max_tokens
                                              : static_cast<std::int64_t>(options.forced.size()));
  decoder.reset();
  stop_if_interrupted();

  auto start = Clock::now();
  std::span<const float> logits =
      decoder.prefill(prompt, static_cast<std::size_t>(options.prefill_chunk));
  out.ids.push_back(argmax(logits));
  out.first_token_ns = nanoseconds(Clock::now() - start);
  look_at(logits);

  const auto is_stop = [&](std::int32_t id) {
    return options.forced.empty() && std::find(options.stop_ids.begin(), options.stop_ids.end(),
                                               id) != options.stop_ids.end();
  };
  while (out.ids.size() < n && !is_stop(out.ids.back())) {
    stop_if_interrupted();
    const std::int32_t id =
        options.forced.empty() ? out.ids.back() : options.forced[out.ids.size() - 1];
    start = Clock::now();
    logits = decoder.step({&id, 1});
    out.ids.push_back(argmax(logits));
    out.decode_ns += nanoseconds(Clock::now() - start);
    look_at(logits);
  }
  out.stopped = is_stop(out.ids.back());
  out.logit_xxh3_128 = hash.hex();
  return out;
}

}  // namespace fidelio
