#include "core/decoder.h"

#include "core/prefill_chunks.h"

namespace fidelio {

std::int32_t argmax(std::span<const float> logits) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < logits.size(); ++i) {
    if (logits[i] > logits[best] || (logits[best] != logits[best] && logits[i] == logits[i]))
      best = i;
  }
  return static_cast<std::int32_t>(best);
}

Decoder::Decoder(PlanSource plans, const KernelTable& kernels, ThreadTeam& team, Cache cache,
                 std::size_t max_step)
    : plans_(std::move(plans)),
      cache_(std::move(cache)),
      executor_(kernels, team, max_step, cache_.capacity()) {}

std::span<const float> Decoder::step(std::span<const std::int32_t> ids, std::size_t n_wanted) {
  const StepInput input{ids, static_cast<std::int32_t>(position_), n_wanted};
  const std::span<const float> logits = executor_.run(plans_(ids.size()), input, cache_);
  position_ += ids.size();
  if (on_step_) on_step_(ids.size());
  return logits;
}

std::span<const float> Decoder::prefill(std::span<const std::int32_t> ids, std::size_t chunk) {
  std::span<const float> logits;
  std::size_t done = 0;
  for (const std::size_t width : prefill_chunks(ids.size(), chunk)) {
    const bool last = done + width == ids.size();
    logits = step(ids.subspan(done, width), last ? 1 : 0);
    done += width;
  }
  return logits;
}

}  // namespace fidelio
