#include "validate/compare_logits.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/checksum.h"
#include "core/prefill_chunks.h"
#include "validate/interrupt.h"

namespace fidelio {
namespace {

/// Checked mode for as long as it lives.
class CheckedMode {
 public:
  explicit CheckedMode(Decoder& decoder) : decoder_(decoder) { decoder_.set_checked(true); }
  ~CheckedMode() { decoder_.set_checked(false); }
  CheckedMode(const CheckedMode&) = delete;
  CheckedMode& operator=(const CheckedMode&) = delete;

 private:
  Decoder& decoder_;
};

class Lockstep {
 public:
  Lockstep(CompareArm& baseline, CompareArm& patched, const CompareInput& input,
           std::vector<FaultRecord>& faults)
      : baseline_(baseline), patched_(patched), input_(input), faults_(faults) {
    out_.prompt = input.prompt_index;
    out_.width = input.width;
  }

  ComparisonRecord run() {
    baseline_.decoder.reset();
    patched_.decoder.reset();
    // The prompt but for its last token, which then starts the row of steps: so the first id is
    // compared as well.
    std::vector<std::int32_t> fed = {input_.prompt.back()};
    fed.insert(fed.end(), input_.ids.begin(), input_.ids.end() - 1);
    const auto prompt = input_.prompt.first(input_.prompt.size() - 1);
    if (!prompt.empty()) prefill(prompt);
    const auto width = static_cast<std::size_t>(input_.width);
    for (std::size_t done = 0; done < fed.size(); done += width) {
      stop_if_interrupted();
      const std::size_t n = std::min(width, fed.size() - done);
      step(std::span(fed).subspan(done, n));
    }
    out_.baseline_logit_xxh3_128 = baseline_hash_.hex();
    out_.patched_logit_xxh3_128 = patched_hash_.hex();
    return out_;
  }

 private:
  void prefill(std::span<const std::int32_t> prompt) {
    for (CompareArm* arm : {&baseline_, &patched_}) {
      std::size_t done = 0;
      for (const std::size_t n :
           prefill_chunks(prompt.size(), static_cast<std::size_t>(input_.prefill_chunk))) {
        arm->decoder.step(prompt.subspan(done, n), 0);
        collect_faults(*arm, n);
        done += n;
      }
    }
  }

  void step(std::span<const std::int32_t> ids) {
    const std::span<const float> expected = baseline_.decoder.step(ids, ids.size());
    const std::span<const float> actual = patched_.decoder.step(ids, ids.size());
    collect_faults(baseline_, ids.size());
    collect_faults(patched_, ids.size());
    const std::size_t vocab = expected.size() / ids.size();
    for (std::size_t row = 0; row < ids.size(); ++row) {
      compare_row(expected.subspan(row * vocab, vocab), actual.subspan(row * vocab, vocab));
    }
  }

  void compare_row(std::span<const float> expected, std::span<const float> actual) {
    baseline_hash_.update(std::as_bytes(expected));
    patched_hash_.update(std::as_bytes(actual));
    const std::int64_t position = out_.positions++;
    if (std::memcmp(expected.data(), actual.data(), expected.size_bytes()) == 0) return;
    ++out_.differing_positions;
    if (!out_.first_difference) out_.first_difference = position;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const double err =
          std::abs(static_cast<double>(expected[i]) - static_cast<double>(actual[i]));
      if (!(err <= out_.max_abs_err) && !std::isnan(out_.max_abs_err)) out_.max_abs_err = err;
    }
    if (argmax(expected) == argmax(actual)) return;
    ++out_.argmax_changes;
    if (!out_.first_argmax_change) out_.first_argmax_change = position;
  }

  void collect_faults(const CompareArm& arm, std::size_t n_tokens) {
    for (const SiteFault& fault : arm.decoder.faults()) {
      if (faults_.size() >= kMaxFaults) return;
      FaultRecord record;
      record.arm = arm.name;
      record.kind = fault.bad_expert_id ? "expert_id" : "non_finite";
      record.prompt = input_.prompt_index;
      record.width = static_cast<std::int64_t>(n_tokens);
      record.position = static_cast<std::int64_t>(arm.decoder.position() - n_tokens);
      record.count = static_cast<std::int64_t>(fault.count);
      arm.describe(n_tokens, fault.node, record);
      faults_.push_back(std::move(record));
    }
  }

  CompareArm& baseline_;
  CompareArm& patched_;
  const CompareInput& input_;
  std::vector<FaultRecord>& faults_;
  ComparisonRecord out_;
  StreamingXxh3 baseline_hash_;
  StreamingXxh3 patched_hash_;
};

}  // namespace

ComparisonRecord compare_logits(CompareArm baseline, CompareArm patched, const CompareInput& input,
                                std::vector<FaultRecord>& faults) {
  const CheckedMode checked_baseline(baseline.decoder);
  const CheckedMode checked_patched(patched.decoder);
  return Lockstep(baseline, patched, input, faults).run();
}

}  // namespace fidelio
