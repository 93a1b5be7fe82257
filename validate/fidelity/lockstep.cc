#include "validate/fidelity/lockstep.h"

#include <algorithm>

#include "core/prefill_chunks.h"
#include "validate/interrupt.h"

namespace fidelio {
namespace {

/// Checked mode, and nobody watching afterwards.
class CheckedMode {
 public:
  explicit CheckedMode(Decoder& decoder) : decoder_(decoder) {
    decoder_.reset();
    decoder_.set_checked(true);
  }
  ~CheckedMode() {
    decoder_.set_checked(false);
    decoder_.set_observer(nullptr);
  }
  CheckedMode(const CheckedMode&) = delete;
  CheckedMode& operator=(const CheckedMode&) = delete;

 private:
  Decoder& decoder_;
};

class Lockstep {
 public:
  Lockstep(Arm& baseline, Arm& patched, const LockstepInput& input, const WatchStep& watch,
           std::vector<FaultRecord>* faults)
      : baseline_(baseline), patched_(patched), input_(input), watch_(watch), faults_(faults) {}

  /// The logits of the last n_wanted tokens.
  StepLogits prefill(std::span<const std::int32_t> prompt, std::size_t n_wanted) {
    StepLogits last;
    std::size_t done = 0;
    for (const std::size_t chunk :
         prefill_chunks(prompt.size(), static_cast<std::size_t>(input_.prefill_chunk))) {
      for (const std::size_t n : pieces(chunk)) {
        done += n;
        last = step(prompt.subspan(done - n, n), done == prompt.size() ? n_wanted : 0);
      }
    }
    return last;
  }

  StepLogits step(std::span<const std::int32_t> ids, std::size_t n_wanted) {
    StepLogits out;
    out.rows = n_wanted;
    out.first_position = baseline_.decoder().position() + ids.size() - n_wanted;
    if (watch_) {
      const Watchers watchers = watch_(ids.size(), baseline_.decoder().position());
      baseline_.decoder().set_observer(watchers.baseline);
      patched_.decoder().set_observer(watchers.patched);
    }
    out.baseline = baseline_.decoder().step(ids, n_wanted);
    out.patched = patched_.decoder().step(ids, n_wanted);
    collect_faults(baseline_, ids.size());
    collect_faults(patched_, ids.size());
    return out;
  }

 private:
  /// A watched step keeps every value of every token, so a chunk that no patch touches, whole or in
  /// pieces, is watched in pieces: the baseline's bits do not depend on the cut.
  std::vector<std::size_t> pieces(std::size_t chunk) {
    const std::vector<std::size_t> whole = {chunk};
    if (!watch_ || chunk <= kWatchedTokens) return whole;
    const std::vector<std::size_t> cut = prefill_chunks(chunk, kWatchedTokens);
    const auto untouched = [&](std::size_t n) {
      return patched_.width_plan(n).plan->graph() == baseline_.width_plan(n).plan->graph();
    };
    const bool may_cut = untouched(chunk) && std::all_of(cut.begin(), cut.end(), untouched);
    return may_cut ? cut : whole;
  }

  void collect_faults(Arm& arm, std::size_t n_tokens) {
    if (faults_ == nullptr) return;
    for (const SiteFault& fault : arm.decoder().faults()) {
      if (faults_->size() >= kMaxFaults) return;
      FaultRecord record;
      record.arm = arm.name();
      record.kind = fault.bad_expert_id ? "expert_id" : "non_finite";
      record.prompt = input_.prompt_index;
      record.width = static_cast<std::int64_t>(n_tokens);
      record.position = static_cast<std::int64_t>(arm.decoder().position() - n_tokens);
      record.count = static_cast<std::int64_t>(fault.count);
      arm.describe(n_tokens, fault.node, record);
      faults_->push_back(std::move(record));
    }
  }

  Arm& baseline_;
  Arm& patched_;
  const LockstepInput& input_;
  const WatchStep& watch_;
  std::vector<FaultRecord>* faults_;
};

}  // namespace

void run_lockstep(Arm& baseline, Arm& patched, const LockstepInput& input, const WatchStep& watch,
                  const std::function<void(const StepLogits&)>& compare,
                  std::vector<FaultRecord>* faults) {
  const CheckedMode checked_baseline(baseline.decoder());
  const CheckedMode checked_patched(patched.decoder());
  Lockstep arms(baseline, patched, input, watch, faults);
  const std::size_t first = input.first_position();
  std::vector<std::int32_t> fed(input.ids.begin(), input.ids.end() - 1);
  if (input.width == 1 && input.more_rows == 0) {
    // As a run does it, so that a patch which rounds otherwise at other widths repeats its run.
    compare(arms.prefill(input.prompt, 1));
  } else {
    // The prompt's last tokens start the row of steps, so that the first id is compared as well.
    if (first > 0) arms.prefill(input.prompt.first(first), 0);
    fed.insert(fed.begin(), input.prompt.begin() + static_cast<std::ptrdiff_t>(first),
               input.prompt.end());
  }
  const auto width = static_cast<std::size_t>(input.width);
  for (std::size_t done = 0; done < fed.size(); done += width) {
    stop_if_interrupted();
    const std::size_t n = std::min(width, fed.size() - done);
    compare(arms.step(std::span(fed).subspan(done, n), n));
  }
}

}  // namespace fidelio
