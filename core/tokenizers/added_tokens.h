// Tokens that are found in the text as they stand, before anything cuts it (<|im_start|>, runs of
// spaces, ...). The tokens of the model itself are core/tokenizers/vocabulary.h's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/tokenizers/regex.h"

namespace fidelio::tokenizers {

class Normalizer;

struct AddedToken {
  std::int32_t id = 0;
  std::string content;
  bool special = false;      ///< left out of decoded text
  bool single_word = false;  ///< not inside a word
  bool lstrip = false;       ///< takes the white space before it
  bool rstrip = false;       ///< takes the white space after it
  bool normalized = true;    ///< looked for in the normalized text, itself normalized
};

/// Immutable.
class AddedTokens {
 public:
  AddedTokens() = default;
  /// Throws UserError beginning with `where` for contents or ids that come twice.
  AddedTokens(const std::vector<AddedToken>& tokens, const Normalizer& normalizer,
              const std::string& where);

  /// A token's place in a text, or a stretch without tokens.
  struct Part {
    Range range;
    std::optional<std::int32_t> id;
  };
  /// `text` cut at the tokens that are looked for before normalization, or at those that are looked
  /// for after it. Leftmost first, of those that begin together the longest.
  std::vector<Part> cut_raw(std::string_view text) const { return cut(text, raw_); }
  std::vector<Part> cut_normalized(std::string_view text) const { return cut(text, normalized_); }

  /// What decoding makes of an id: its content, in normal form where it is looked for in that.
  /// nullptr for an id that is no added token.
  const std::string* text_of(std::int32_t id) const;
  /// Whether a special token has this content.
  bool is_special(std::string_view text) const { return specials_.contains(text); }
  std::int64_t id_bound() const { return id_bound_; }

 private:
  /// Contents by their first bytes. Node 0 is the root.
  struct Trie {
    struct Node {
      std::map<char, std::size_t> children;
      std::optional<std::int32_t> id;
    };
    std::vector<Node> nodes = {Node{}};

    bool add(std::string_view content, std::int32_t id);
    /// The longest token that `text` begins with.
    std::optional<Part> longest(std::string_view text, std::size_t from) const;
  };
  std::vector<Part> cut(std::string_view text, const Trie& trie) const;

  std::unordered_map<std::int32_t, AddedToken> tokens_;
  std::unordered_map<std::int32_t, std::string> texts_;
  std::map<std::string, std::int32_t, std::less<>> specials_;
  Trie raw_;
  Trie normalized_;
  std::int64_t id_bound_ = 0;
};

}  // namespace fidelio::tokenizers
