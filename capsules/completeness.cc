#include "capsules/completeness.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "capsules/timing.h"

namespace fidelio {
namespace {

std::int64_t size_of(const SequenceRecord& sequence) {
  return static_cast<std::int64_t>(sequence.ids.size());
}

/// The timed runs of one number; nullptr where an arm has none.
struct Pair {
  const RunRecord* baseline = nullptr;
  const RunRecord* patched = nullptr;
};

bool measures_again(const Record& record) {
  return std::any_of(record.launches.begin(), record.launches.end(),
                     [](const LaunchRecord& launch) { return launch.purpose == "confirm"; });
}

/// All prompts go to the second look or none, and the pairs are spread over the processes asked
/// for; what is not so, or "".
std::string missing_launches(const Record& record) {
  std::map<std::int64_t, std::int64_t> runs_of_prompt;
  std::set<std::int64_t> launches;
  for (const RunRecord& run : record.runs) {
    if (run.pair < 0 || is_confirming(record, run)) continue;
    ++runs_of_prompt[run.prompt];
    launches.insert(run.launch);
  }
  for (const auto& [prompt, runs] : runs_of_prompt)
    if (runs != runs_of_prompt.begin()->second)
      return fmt::format("prompt {} has another number of pairs than prompt {}", prompt,
                         runs_of_prompt.begin()->first);
  const std::int64_t asked = std::min(record.options.launches, record.options.runs);
  const auto found = static_cast<std::int64_t>(launches.size());
  if (found >= asked) return "";
  return fmt::format("pairs of {} of {} launches are there", found, asked);
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
      if (run.pair >= 0) add_run(run);
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

  void add_run(const RunRecord& run) {
    Pair& pair = pairs_[run.prompt][run.pair];
    (run.arm == "baseline" ? pair.baseline : pair.patched) = &run;
  }

  /// Why two runs give no ratio, or "". Both did the same work in one process, fed the baseline's
  /// tokens or choosing their own like all pairs of the prompt, and it took time.
  static std::string unfit(std::int64_t prompt, std::int64_t number, const Pair& pair,
                           bool forced) {
    const RunRecord& b = *pair.baseline;
    const RunRecord& p = *pair.patched;
    const char* what = nullptr;
    if (b.launch != p.launch) what = "two launches";
    if (b.prefill_tokens != p.prefill_tokens || b.decode_tokens != p.decode_tokens)
      what = "different numbers of tokens";
    if (b.teacher_forced != forced || p.teacher_forced != forced)
      what = forced ? "a run that chose its own tokens" : "a run that did not choose its tokens";
    for (const RunRecord* run : {&b, &p})
      if ((run->prefill_tokens > 0 && run->first_token_ns == 0) ||
          (run->decode_tokens > 0 && run->decode_ns == 0))
        what = "tokens that took no time";
    return what == nullptr ? "" : fmt::format("prompt {} pair {} has {}", prompt, number, what);
  }

  std::string missing_pairs(std::int64_t prompt) const {
    const GenerationRecord& free = *generations_.at(prompt);
    bool forced = free.baseline.ids != free.patched.ids;
    std::int64_t measured = 0;
    std::int64_t confirming = 0;
    if (const auto found = pairs_.find(prompt); found != pairs_.end()) {
      for (const auto& [number, pair] : found->second) {
        if (pair.baseline == nullptr || pair.patched == nullptr) continue;
        if (measured + confirming == 0) forced = forced || pair.baseline->teacher_forced;
        if (std::string why = unfit(prompt, number, pair, forced); !why.empty()) return why;
        ++(is_confirming(record_, *pair.baseline) ? confirming : measured);
      }
    }
    const std::int64_t runs = record_.options.runs;
    if (measured < runs) return fmt::format("prompt {} has {} of {} pairs", prompt, measured, runs);
    const bool second_look = record_.options.looks > 1 && measured / 2 == runs && measured % 2 == 0;
    if (measured > runs && !second_look)
      return fmt::format("prompt {} has {} pairs, where {} were asked for", prompt, measured,
                         record_.options.looks > 1 ? fmt::format("{} or twice as many", runs)
                                                   : fmt::format("{}", runs));
    if (measures_again(record_) && confirming < runs)
      return fmt::format("prompt {} has {} of {} pairs measured again", prompt, confirming, runs);
    return "";
  }

  const Record& record_;
  std::map<std::int64_t, const GenerationRecord*> generations_;
  std::map<std::pair<std::int64_t, std::int64_t>, const ComparisonRecord*> comparisons_;  ///< free
  std::map<std::int64_t, std::map<std::int64_t, Pair>> pairs_;  ///< by prompt and number
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
  return missing_launches(record);
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
