#include "validate/fidelity/compare_logits.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/checksum.h"
#include "validate/fidelity/route_forcing.h"
#include "validate/logit_metrics.h"

namespace fidelio {
namespace {

class Comparison {
 public:
  Comparison(const LockstepInput& input, const char* routing, const Tokenizer* tokenizer)
      : input_(input), tokenizer_(tokenizer) {
    out_.prompt = input.prompt_index;
    out_.width = input.width;
    out_.routing = routing;
  }

  void add(const StepLogits& step) {
    for (std::size_t r = 0; r < step.rows; ++r) add_row(step.baseline_row(r), step.patched_row(r));
  }

  ComparisonRecord result() {
    out_.metrics = metrics_.result();
    out_.baseline_logit_xxh3_128 = baseline_hash_.hex();
    out_.patched_logit_xxh3_128 = patched_hash_.hex();
    return std::move(out_);
  }

 private:
  void add_row(std::span<const float> expected, std::span<const float> actual) {
    baseline_hash_.update(std::as_bytes(expected));
    patched_hash_.update(std::as_bytes(actual));
    const std::int64_t position = out_.positions++;
    metrics_.add(expected, actual, input_.ids[static_cast<std::size_t>(position)]);
    if (out_.routing == "free" && out_.width == 1)
      out_.margins.push_back(static_cast<float>(margin_of(expected)));
    if (std::memcmp(expected.data(), actual.data(), expected.size_bytes()) == 0) return;
    ++out_.differing_positions;
    if (!out_.first_difference) out_.first_difference = position;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const double err =
          std::abs(static_cast<double>(expected[i]) - static_cast<double>(actual[i]));
      if (!(err <= out_.max_abs_err) && !std::isnan(out_.max_abs_err)) out_.max_abs_err = err;
    }
    if (argmax(expected) != argmax(actual)) add_change(position, expected, actual);
  }

  void add_change(std::int64_t position, std::span<const float> expected,
                  std::span<const float> actual) {
    ++out_.argmax_changes;
    ArgmaxChangeRecord change;
    change.position = position;
    change.baseline_id = argmax(expected);
    change.patched_id = argmax(actual);
    change.margin = margin_of(expected);
    if (tokenizer_ != nullptr) {
      change.baseline_text = tokenizer_->decode({&change.baseline_id, 1});
      change.patched_text = tokenizer_->decode({&change.patched_id, 1});
    }
    if (!out_.first_change) {
      out_.first_argmax_change = position;
      out_.first_change = change;
    }
    if (!out_.widest_change || !(change.margin <= out_.widest_change->margin))
      out_.widest_change = std::move(change);
  }

  static double margin_of(std::span<const float> logits) {
    const auto best = static_cast<std::size_t>(argmax(logits));
    double second = -std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < logits.size(); ++i)
      if (i != best) second = std::max(second, static_cast<double>(logits[i]));
    return static_cast<double>(logits[best]) - second;
  }

  const LockstepInput& input_;
  const Tokenizer* tokenizer_;
  ComparisonRecord out_;
  LogitMetrics metrics_;
  StreamingXxh3 baseline_hash_;
  StreamingXxh3 patched_hash_;
};

}  // namespace

ComparisonRecord compare_free(Arm& baseline, Arm& patched, const LockstepInput& input,
                              const Tokenizer* tokenizer, std::vector<FaultRecord>& faults) {
  Comparison comparison(input, "free", tokenizer);
  run_lockstep(
      baseline, patched, input, {}, [&](const StepLogits& step) { comparison.add(step); }, &faults);
  return comparison.result();
}

ComparisonRecord compare_routed(Arm& baseline, Arm& patched, const LockstepInput& input,
                                const Tokenizer* tokenizer, std::vector<RouteFlipRecord>& flips) {
  Comparison comparison(input, "routed", tokenizer);
  RouteForcing forcing(baseline, patched, input.first_position());
  run_lockstep(
      baseline, patched, input,
      [&](std::size_t n_tokens, std::size_t position) { return forcing.watch(n_tokens, position); },
      [&](const StepLogits& step) { comparison.add(step); }, nullptr);
  ComparisonRecord out = comparison.result();
  for (RouteFlipRecord flip : forcing.flips()) {
    flip.prompt = input.prompt_index;
    flip.width = input.width;
    out.route_flips += flip.count;
    flips.push_back(std::move(flip));
  }
  return out;
}

}  // namespace fidelio
