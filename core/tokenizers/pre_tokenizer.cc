#include "core/tokenizers/pre_tokenizer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/tokenizers/byte_level.h"
#include "core/tokenizers/json_step.h"
#include "core/tokenizers/metaspace.h"

namespace fidelio::tokenizers {

namespace {

/// GPT-2's own pattern, published with its encoder.
constexpr const char* kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

SplitBehavior read_behavior(const JsonStep& step, const char* fallback) {
  static constexpr std::array<std::pair<const char*, SplitBehavior>, 5> kNames = {{
      {"Isolated", SplitBehavior::isolated},
      {"Removed", SplitBehavior::removed},
      {"MergedWithPrevious", SplitBehavior::merged_with_previous},
      {"MergedWithNext", SplitBehavior::merged_with_next},
      {"Contiguous", SplitBehavior::contiguous},
  }};
  const std::string name = step.reader().find_string("behavior").value_or(fallback);
  for (const auto& [text, behavior] : kNames) {
    if (name == text) return behavior;
  }
  step.reader().fail("behavior", quote(name),
                     "Isolated, Removed, MergedWithPrevious, MergedWithNext or Contiguous");
}

}  // namespace

PreTokenizer PreTokenizer::read(const JsonStep& step) {
  PreTokenizer pre_tokenizer;
  pre_tokenizer.read_into(step);
  return pre_tokenizer;
}

void PreTokenizer::read_into(const JsonStep& step) {
  const std::string type = step.type();
  if (type == "Sequence") {
    step.allow({"pretokenizers"});
    for (const JsonStep& inner : step.steps("pretokenizers")) read_into(inner);
  } else if (type == "ByteLevel") {
    steps_.emplace_back(read_byte_level(step));
  } else if (type == "Split") {
    steps_.emplace_back(read_split(step));
  } else if (type == "Metaspace") {
    steps_.emplace_back(read_metaspace(step));
  } else if (auto split = read_fixed_split(step)) {
    steps_.emplace_back(*std::move(split));
  } else {
    step.refuse_type(
        "ByteLevel, Split, Digits, Metaspace, Whitespace, WhitespaceSplit, Punctuation or "
        "Sequence");
  }
}

SplitStep PreTokenizer::read_split(const JsonStep& step) {
  step.allow({"pattern", "behavior", "invert"});
  const JsonStep::Pattern pattern = step.pattern();
  Split split;
  if (pattern.is_regex) {
    split.regex.emplace(pattern.text, step.place());
  } else {
    split.needle = pattern.text;
  }
  step.text("behavior");  // it has no default here
  split.behavior = read_behavior(step, "");
  split.invert = step.flag("invert", false);
  return split;
}

/// The steps whose pattern is not the file's.
std::optional<SplitStep> PreTokenizer::read_fixed_split(const JsonStep& step) {
  const std::string type = step.type();
  Split split;
  const char* pattern = nullptr;
  if (type == "Digits") {
    step.allow({"individual_digits"});
    pattern = R"(\p{N})";
    if (!step.flag("individual_digits", false)) split.behavior = SplitBehavior::contiguous;
  } else if (type == "Whitespace") {
    step.allow({});
    pattern = R"(\w+|[^\w\s]+)";
    split.behavior = SplitBehavior::removed;
    split.invert = true;
  } else if (type == "WhitespaceSplit") {
    step.allow({});
    pattern = R"(\s)";
    split.behavior = SplitBehavior::removed;
  } else if (type == "Punctuation") {
    step.allow({"behavior"});
    pattern = R"([\p{P}$+<=>\^`|~])";  // Unicode's, and what else ASCII has
    split.behavior = read_behavior(step, "Isolated");
  } else {
    return std::nullopt;
  }
  split.regex.emplace(pattern, step.place());
  return split;
}

PreTokenizer::ByteLevel PreTokenizer::read_byte_level(const JsonStep& step) {
  step.allow({"add_prefix_space", "trim_offsets", "use_regex"});  // offsets are not ours
  ByteLevel byte_level{step.flag("add_prefix_space", true), std::nullopt};
  if (step.flag("use_regex", true)) {
    byte_level.split.emplace();
    byte_level.split->regex.emplace(kGpt2Pattern, step.place());
  }
  return byte_level;
}

PreTokenizer::Metaspace PreTokenizer::read_metaspace(const JsonStep& step) {
  const MetaspaceFields fields = read_metaspace_fields(step);
  const PrependScheme scheme = fields.scheme == "always"  ? PrependScheme::always
                               : fields.scheme == "first" ? PrependScheme::first
                                                          : PrependScheme::never;
  return {fields.replacement, scheme, fields.split};
}

void SplitStep::apply(const Word& word, const Budget& budget, std::vector<Word>& words) const {
  std::vector<Stretch> stretches = stretches_of(
      word.text.size(), regex ? regex->find_all(word.text, budget) : find_all(word.text, needle));
  if (invert) {
    for (Stretch& stretch : stretches) stretch.is_match = !stretch.is_match;
  }
  for (const Range& range : split(stretches, behavior)) {
    if (range.begin == range.end) continue;
    words.push_back({word.text.substr(range.begin, range.end - range.begin),
                     word.at_start && range.begin == 0});
  }
}

void PreTokenizer::ByteLevel::apply(Word word, const Budget& budget,
                                    std::vector<Word>& words) const {
  if (add_prefix_space && !word.text.starts_with(' ')) word.text.insert(0, 1, ' ');
  const std::size_t first = words.size();
  if (split) {
    split->apply(word, budget, words);
  } else {
    words.push_back(std::move(word));
  }
  for (std::size_t i = first; i < words.size(); ++i) {
    words[i].text = to_byte_characters(words[i].text);
  }
}

void PreTokenizer::Metaspace::apply(Word word, const Budget& budget,
                                    std::vector<Word>& words) const {
  std::string text = replace_all(word.text, find_all(word.text, " "), replacement);
  const bool wanted =
      scheme == PrependScheme::always || (scheme == PrependScheme::first && word.at_start);
  if (wanted && !text.starts_with(replacement)) text.insert(0, replacement);
  word.text = std::move(text);
  if (split) {
    Split at_replacement;
    at_replacement.needle = replacement;
    at_replacement.behavior = SplitBehavior::merged_with_next;
    at_replacement.apply(word, budget, words);
  } else {
    words.push_back(std::move(word));
  }
}

std::vector<Word> PreTokenizer::apply(Word text, const Budget& budget) const {
  std::vector<Word> words;
  words.push_back(std::move(text));
  for (const auto& step : steps_) {
    std::vector<Word> next;
    for (Word& word : words) {
      std::visit([&](const auto& kind) { kind.apply(std::move(word), budget, next); }, step);
    }
    words = std::move(next);
  }
  return words;
}

}  // namespace fidelio::tokenizers
