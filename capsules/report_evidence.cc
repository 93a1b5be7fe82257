// What the generated texts prove: how much they repeat, where the arms go apart, and how sure a
// share of so few prompts is.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "capsules/fidelity_index.h"
#include "capsules/report_sections.h"
#include "capsules/statistics.h"

namespace fidelio {
namespace {

/// "2 of 5 prompts diverge: 40% (12% to 77%)".
std::string divergence_text(std::int64_t diverging, std::int64_t prompts) {
  const ShareEstimate rate = wilson_share(diverging, prompts);
  return fmt::format("{} of {} prompts diverge: {:.0f}% ({:.0f}% to {:.0f}%)", diverging, prompts,
                     100 * rate.share, 100 * rate.low, 100 * rate.high);
}

std::int64_t generated(const GenerationRecord& g) {
  return static_cast<std::int64_t>(g.baseline.ids.size());
}

/// Whether a text says all about its first `length` tokens: it is as long, or had ended.
bool reaches(const GenerationRecord& g, std::int64_t length) {
  return generated(g) >= length || g.baseline.stop == "eos";
}

/// Among the first `length` tokens: "same", the index of the first other one, or "-" for what the
/// text is too short to say.
std::string stress_cell(const GenerationRecord& g, std::int64_t length) {
  const std::int64_t at = first_divergence(g);
  if (at >= 0 && at < length) return std::to_string(at);
  return reaches(g, length) ? "same" : "-";
}

/// Nobody gave the ids, and there is no tokenizer that could have made them of a text.
bool has_built_in_ids(const Record& record, const PromptRecord& prompt) {
  const std::vector<std::string>& line = record.command_line;
  return !prompt.text && !record.model.tokenizer_xxh3_128 &&
         std::find(line.begin(), line.end(), "--prompt-ids") == line.end();
}

}  // namespace

ReportSection evidence_section(const Record& record) {
  ReportSection out{"Evidence", {}, {}};
  for (std::size_t i = 0; i < record.prompts.size(); ++i) {
    if (!has_built_in_ids(record, record.prompts[i])) continue;
    out.lines.push_back(
        fmt::format("prompt {} is {} built-in random ids: the model has no tokenizer", i,
                    record.prompts[i].ids.size()));
  }
  for (const EvidenceRecord& e : record.evidence) {
    std::string line =
        fmt::format("prompt {}: {:.1f}% distinct 4-grams, {:.1f}% of steps with a small margin",
                    e.prompt, 100 * e.distinct_4grams, 100 * e.small_margin_share);
    if (e.loop_start) line += fmt::format(", a loop from token {} on", *e.loop_start);
    if (e.distinct_4grams < 0.5) line += "; so repetitive a text proves less than its length says";
    out.lines.push_back(line);
  }
  return out;
}

ReportSection divergence_section(const Record& record) {
  ReportSection out{"Divergence", {}, {}};
  const std::vector<GenerationRecord>& texts = record.generations;
  const auto diverging = std::count_if(texts.begin(), texts.end(), [](const GenerationRecord& g) {
    return first_divergence(g) >= 0;
  });
  if (!texts.empty())
    out.lines.push_back(divergence_text(diverging, static_cast<std::int64_t>(texts.size())));
  if (record.options.lengths.empty() || texts.empty()) return out;
  out.table = {{"prompt"}};
  for (const GenerationRecord& g : texts) out.table.push_back({std::to_string(g.prompt)});
  for (const std::int64_t length : record.options.lengths) {
    out.table[0].push_back(fmt::format("{} tokens", length));
    std::int64_t texts_of_length = 0;  // shorter ones would count only where they diverge
    std::int64_t diverging_of_length = 0;
    for (std::size_t row = 0; row < texts.size(); ++row) {
      const std::string cell = stress_cell(texts[row], length);
      out.table[row + 1].push_back(cell);
      if (!reaches(texts[row], length)) continue;
      ++texts_of_length;
      diverging_of_length += cell == "same" ? 0 : 1;
    }
    if (texts_of_length > 0)
      out.lines.push_back(fmt::format("within {} tokens {}", length,
                                      divergence_text(diverging_of_length, texts_of_length)));
  }
  return out;
}

}  // namespace fidelio
