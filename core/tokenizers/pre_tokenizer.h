// Cutting a normalized text into the words that byte-pair encoding sees one by one.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/tokenizers/regex.h"
#include "core/tokenizers/split.h"

namespace fidelio::tokenizers {

class JsonStep;

struct Word {
  std::string text;
  bool at_start;  ///< it begins where the whole text begins
};

/// Cutting at a pattern.
struct SplitStep {
  std::optional<Regex> regex;  ///< else `needle`
  std::string needle;
  SplitBehavior behavior = SplitBehavior::isolated;
  bool invert = false;

  void apply(const Word& word, const Budget& budget, std::vector<Word>& words) const;
};

/// Immutable; leaves a text whole unless read from a file.
class PreTokenizer {
 public:
  PreTokenizer() = default;

  /// tokenizer.json's `pre_tokenizer`: ByteLevel, Split, Digits, Metaspace, Whitespace,
  /// WhitespaceSplit, Punctuation, and Sequences of them. Throws UserError for any other.
  static PreTokenizer read(const JsonStep& step);

  /// The words of `text`, none of them empty. Throws UserError once `budget` is spent.
  std::vector<Word> apply(Word text, const Budget& budget) const;

 private:
  using Split = SplitStep;
  struct ByteLevel {
    bool add_prefix_space;
    std::optional<Split> split;

    void apply(Word word, const Budget& budget, std::vector<Word>& words) const;
  };
  enum class PrependScheme { always, first, never };
  struct Metaspace {
    std::string replacement;
    PrependScheme scheme;
    bool split;

    void apply(Word word, const Budget& budget, std::vector<Word>& words) const;
  };
  void read_into(const JsonStep& step);
  static Split read_split(const JsonStep& step);
  static ByteLevel read_byte_level(const JsonStep& step);
  static Metaspace read_metaspace(const JsonStep& step);
  static std::optional<Split> read_fixed_split(const JsonStep& step);

  std::vector<std::variant<Split, ByteLevel, Metaspace>> steps_;
};

}  // namespace fidelio::tokenizers
