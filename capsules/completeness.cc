#include "capsules/completeness.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace fidelio {
namespace {

std::int64_t size_of(const SequenceRecord& sequence) {
  return static_cast<std::int64_t>(sequence.ids.size());
}

/// A record's evidence by what it is looked up by. The first entry of its kind counts; that others
/// of the kind agree is not decided here.
class Evidence {
 public:
  explicit Evidence(const Record& record) : record_(record) {
    for (const GenerationRecord& g : record.generations) generations_.emplace(g.prompt, &g);
    for (const ComparisonRecord& c : record.comparisons)
      if (c.routing != "routed") comparisons_.emplace(std::pair(c.prompt, c.width), &c);
    for (const RunRecord& run : record.runs)
      if (run.pair >= 0) arms_[run.prompt][run.pair].insert(run.arm);
  }

  /// nullptr where there is none.
  const ComparisonRecord* comparison(std::int64_t prompt, std::int64_t width) const {
    const auto found = comparisons_.find({prompt, width});
    return found == comparisons_.end() ? nullptr : found->second;
  }

  /// What a prompt lacks, or "".
  std::string missing(std::int64_t prompt, const std::set<std::int64_t>& widths) const {
    std::string text = missing_generation(prompt);
    for (const std::int64_t width : widths)
      if (text.empty()) text = missing_comparison(prompt, width);
    return text.empty() ? missing_pairs(prompt) : text;
  }

 private:
  std::string missing_generation(std::int64_t prompt) const {
    const auto found = generations_.find(prompt);
    if (found == generations_.end() || found->second->baseline.ids.empty() ||
        found->second->patched.ids.empty())
      return fmt::format("prompt {} has no generated tokens", prompt);
    const SequenceRecord& baseline = found->second->baseline;
    if (baseline.logit_xxh3_128.empty() || found->second->patched.logit_xxh3_128.empty())
      return fmt::format("prompt {} has no checksum of its free runs' logits", prompt);
    if (baseline.stop == "max_tokens" && size_of(baseline) != record_.options.max_tokens)
      return fmt::format("prompt {} has {} of {} generated tokens, and no end of text", prompt,
                         size_of(baseline), record_.options.max_tokens);
    return "";
  }

  std::string missing_comparison(std::int64_t prompt, std::int64_t width) const {
    const ComparisonRecord* c = comparison(prompt, width);
    if (c == nullptr || c->positions == 0)
      return fmt::format("prompt {} has no comparison in steps of {} tokens", prompt, width);
    if (c->baseline_logit_xxh3_128.empty() || c->patched_logit_xxh3_128.empty())
      return fmt::format("prompt {} has no checksum of the logits in steps of {} tokens", prompt,
                         width);
    const std::int64_t generated = size_of(generations_.at(prompt)->baseline);
    if (width != 1 || c->positions >= generated) return "";
    return fmt::format("prompt {} has {} of {} generated tokens compared at one token a step",
                       prompt, c->positions, generated);
  }

  std::string missing_pairs(std::int64_t prompt) const {
    std::int64_t pairs = 0;
    if (const auto found = arms_.find(prompt); found != arms_.end()) {
      for (const auto& [pair, arms] : found->second) pairs += arms.size() == 2 ? 1 : 0;
    }
    if (pairs >= record_.options.runs) return "";
    return fmt::format("prompt {} has {} of {} pairs", prompt, pairs, record_.options.runs);
  }

  const Record& record_;
  std::map<std::int64_t, const GenerationRecord*> generations_;
  std::map<std::pair<std::int64_t, std::int64_t>, const ComparisonRecord*> comparisons_;  ///< free
  std::map<std::int64_t, std::map<std::int64_t, std::set<std::string>>> arms_;  ///< of each pair
};

}  // namespace

std::string missing_evidence(const Record& record) {
  if (record.prompts.empty()) return "there is no prompt";
  for (const RunRecord& run : record.runs) {
    if (run.ids_xxh3_128.empty() || run.logit_xxh3_128.empty())
      return fmt::format("run {} has no checksum of its ids and logits", run.order);
  }
  std::set<std::int64_t> widths(record.options.widths.begin(), record.options.widths.end());
  widths.insert(1);
  const Evidence evidence(record);
  for (std::size_t p = 0; p < record.prompts.size(); ++p) {
    std::string missing = evidence.missing(static_cast<std::int64_t>(p), widths);
    if (!missing.empty()) return missing;
  }
  return "";
}

std::string tokens_compared_text(const Record& record) {
  const Evidence evidence(record);
  std::int64_t generated = 0;
  std::int64_t compared = 0;
  std::string stops;
  for (const GenerationRecord& g : record.generations) {
    const std::int64_t n = size_of(g.baseline);
    const ComparisonRecord* c = evidence.comparison(g.prompt, 1);
    generated += n;
    compared += c == nullptr ? 0 : std::min(n, c->positions);
    if (g.baseline.stop == "eos")
      stops += fmt::format(", prompt {} stopped at EOS after {} of {} tokens", g.prompt, n,
                           record.options.max_tokens);
  }
  if (compared == generated) return fmt::format("{} tokens compared", generated) + stops;
  return fmt::format("{} of {} generated tokens compared", compared, generated) + stops;
}

}  // namespace fidelio
