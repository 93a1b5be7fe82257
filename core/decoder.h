// Greedy decoding of one arm: cache, position, and the choice of plan for each step width. Knows
// nothing of patches: a PlanSource says which plan a step of n tokens runs.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>

#include "core/executor.h"

namespace fidelio {

/// The plan for a step of n_tokens; must return the same plan for the same width, and outlive the
/// decoder.
using PlanSource = std::function<const Plan&(std::size_t n_tokens)>;

/// The id of the largest logit; the lowest id wins a tie. NaN is never chosen unless all are NaN
/// (then 0).
std::int32_t argmax(std::span<const float> logits);

class Decoder {
 public:
  /// `kernels` and `team` must outlive the decoder. `capacity`: positions of the cache; `max_step`:
  /// tokens of the widest step.
  Decoder(PlanSource plans, const KernelTable& kernels, ThreadTeam& team, Cache cache,
          std::size_t max_step);

  /// Forgets everything but the plans.
  void reset() { position_ = 0; }

  /// Feeds `ids` at the current position in one step; returns the logits of the last n_wanted of
  /// them, valid until the next call.
  std::span<const float> step(std::span<const std::int32_t> ids, std::size_t n_wanted = 1);

  /// Feeds a prompt in steps of prefill_chunks(size, chunk); returns the last token's logits.
  std::span<const float> prefill(std::span<const std::int32_t> ids, std::size_t chunk);

  std::size_t position() const { return position_; }
  /// What is kept of the positions fed so far.
  Cache& cache() { return cache_; }
  /// Starts over, with a cache that keeps so much.
  void set_keep(Cache::Keep keep) {
    cache_.set_keep(keep);
    reset();
  }

  void set_checked(bool checked) { executor_.set_checked(checked); }
  void set_observer(NodeObserver* observer) { executor_.set_observer(observer); }
  void run_elsewhere(std::set<std::string> results, const KernelTable* other) {
    executor_.run_elsewhere(std::move(results), other);
  }
  const std::vector<SiteFault>& faults() const { return executor_.faults(); }

  /// Called after every step with its width, also in timed runs: keep it cheap.
  void on_step(std::function<void(std::size_t n_tokens)> callback) {
    on_step_ = std::move(callback);
  }

 private:
  PlanSource plans_;
  Cache cache_;
  Executor executor_;
  std::size_t position_ = 0;
  std::function<void(std::size_t)> on_step_;
};

}  // namespace fidelio
