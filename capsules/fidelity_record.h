// What was compared between the arms, as data: comparisons of logits, route flips, references and
// sites. Part of capsules/record.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fidelio {

/// A position at which the arms' best tokens differ.
struct ArgmaxChangeRecord {
  std::int64_t position = 0;  ///< among the compared ones: index of the generated token
  std::int32_t baseline_id = 0;
  std::int32_t patched_id = 0;
  std::string baseline_text;  ///< empty without a tokenizer
  std::string patched_text;
  double margin = 0;  ///< of the baseline's logits: its best minus its second best
};

/// llama.cpp's metrics (perplexity --kl-divergence), patched against baseline, the baseline's token
/// being the correct one; computed in double.
struct MetricsRecord {
  double mean_kld = 0;
  double kld_99_9 = 0;  ///< the 99.9% quantile
  double maximum_kld = 0;
  double mean_delta_p = 0;  ///< probability of the correct token, patched minus baseline
  double rms_delta_p = 0;
  double same_top_p = 1;  ///< share of positions with the same best token
  double ppl_ratio = 1;   ///< PPL(patched) / PPL(baseline)
};

/// Both arms fed the baseline's tokens in steps of `width`, in lockstep; every logit of every step
/// compared.
struct ComparisonRecord {
  std::int64_t prompt = 0;
  std::int64_t width = 0;
  /// "free": each arm chooses its experts; "routed": the patched arm computes with the baseline's.
  /// A routed comparison is made where the free one found a difference.
  std::string routing = "free";
  std::int64_t positions = 0;            ///< rows of logits compared
  std::int64_t differing_positions = 0;  ///< with at least one differing bit
  std::optional<std::int64_t> first_difference;
  double max_abs_err = 0;
  std::int64_t argmax_changes = 0;
  std::optional<std::int64_t> first_argmax_change;
  std::optional<ArgmaxChangeRecord> first_change;   ///< since version 3
  std::optional<ArgmaxChangeRecord> widest_change;  ///< the one with the largest margin
  /// Since version 5: the baseline's best logit minus its second best, by position; of free
  /// comparisons in steps of one token, which look at every token.
  std::vector<float> margins;
  std::int64_t route_flips = 0;  ///< rows and layers; of routed comparisons
  MetricsRecord metrics;         ///< since version 3
  std::string baseline_logit_xxh3_128;
  std::string patched_logit_xxh3_128;
};

/// The route flips of one layer in one routed comparison: rows where the patched arm would have
/// chosen other experts than the baseline.
struct RouteFlipRecord {
  std::int64_t prompt = 0;
  std::int64_t width = 0;
  std::int64_t layer = 0;
  std::int64_t count = 0;
  // The flip with the widest gap.
  std::int64_t position = 0;  ///< among the compared ones; in the prompt before them: negative
  std::vector<std::int32_t> baseline_experts;  ///< those the patched arm would have left out
  std::vector<std::int32_t> patched_experts;   ///< those it would have taken instead
  /// Router logits of the baseline: the largest of baseline_experts minus the smallest of
  /// patched_experts.
  double gap = 0;
};

/// How far router logits of one layer lie from the class reference, over the sampled steps.
struct RouterNoiseRecord {
  std::int64_t layer = 0;
  std::int64_t rows = 0;
  double rms_baseline = 0;  ///< baseline minus class reference
  double rms_naive = 0;     ///< one float32 accumulator, no FMA, minus class reference
};

/// How far the logits of one prompt lie from the class reference, over the sampled steps.
struct ReferenceRecord {
  std::int64_t prompt = 0;
  std::string reference;  ///< "truth", or "truth with declared rounding"
  std::int64_t steps = 0;
  double e_baseline = 0;  ///< sqrt(sum |arm - reference|^2 / sum |reference|^2)
  double e_naive = 0;
  double e_patched = 0;  ///< of the routed pass
  /// Root mean square change of the baseline's margin (its best minus its second best token).
  double sigma_baseline = 0;
  double sigma_naive = 0;
};

/// Where in a run a site was looked at.
struct SitePointRecord {
  std::int64_t prompt = 0;
  std::int64_t width = 0;     ///< tokens of the step, of prefill too
  std::int64_t position = 0;  ///< index of the row's token in prompt and generated ids
};

/// One node of the patched graph on the baseline's own inputs, row by row. All sites of patches are
/// listed, other nodes only where they differ.
struct SiteRecord {
  std::string site;  ///< the result, as in the graph's text
  std::string op;    ///< as the patched arm runs it
  std::int64_t layer = -1;
  std::string patch;                   ///< empty: no patch was here
  std::string numerics = "bit_exact";  ///< of the patch; bit_exact without one
  std::int64_t rows = 0;               ///< compared
  std::int64_t differing_rows = 0;     ///< with at least one differing bit
  std::optional<SitePointRecord> first_difference;
  std::int64_t wrong_expert_rows = 0;            ///< other experts, and no tie
  std::int64_t foreign_writes = 0;               ///< values of other nodes that it changed
  std::optional<SitePointRecord> first_failure;  ///< of a site that fails: its first row that does
  // Against the class reference, pooled over sampled rows; nothing for bit_exact sites.
  std::int64_t sampled_rows = 0;
  double e_baseline = 0;  ///< sqrt(sum |arm - reference|^2 / sum |reference|^2)
  double e_naive = 0;     ///< one float32 accumulator, left to right, no FMA
  double e_patched = 0;
  // The row where the patched arm is farthest from the baseline, alone; errors of the row's size or
  // the sampled rows' typical one, whichever is larger.
  std::optional<SitePointRecord> worst;
  double worst_e_baseline = 0;
  double worst_e_naive = 0;
  double worst_e_patched = 0;
};

}  // namespace fidelio
