// Tokens that are found in the text as they stand, before anything cuts it (<|im_start|>, runs of
// spaces, ...). The tokens of the model itself are core/tokenizers/vocabulary.h's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
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
  /// Throws UserError beginning with `where` for contents or ids that come twice, and for what the
  /// normalizer makes longer than 64 KiB. 16 MiB are the most for all of them.
  AddedTokens(const std::vector<AddedToken>& tokens, const Normalizer& normalizer,
              const std::string& where);

  /// A token's place in a text, or a stretch without tokens.
  struct Part {
    Range range;
    std::optional<std::int32_t> id;
  };
  /// `text` cut at the tokens that are looked for before normalization, or at those that are looked
  /// for after it. Leftmost first, of those that begin together the longest.
  std::vector<Part> cut_raw(std::string_view text, const Budget& budget) const {
    return cut(text, raw_, budget);
  }
  std::vector<Part> cut_normalized(std::string_view text, const Budget& budget) const {
    return cut(text, normalized_, budget);
  }

  /// What decoding makes of an id: its content, in normal form where it is looked for in that.
  /// nullptr for an id that is no added token.
  const std::string* text_of(std::int32_t id) const;
  /// Whether a special token has this content.
  bool is_special(std::string_view text) const { return specials_.contains(text); }
  std::int64_t id_bound() const { return id_bound_; }

 private:
  using Ids = std::map<std::string, std::int32_t, std::less<>>;
  /// Contents in the order of their bytes, so that those that begin alike are neighbours.
  class Sorted {
   public:
    Sorted() = default;
    explicit Sorted(const Ids& ids) : entries_(ids.begin(), ids.end()) {}
    /// The longest token that stands in `text` at `from`.
    std::optional<Part> longest(std::string_view text, std::size_t from) const;

   private:
    std::vector<std::pair<std::string, std::int32_t>> entries_;
  };
  std::vector<Part> cut(std::string_view text, const Sorted& contents, const Budget& budget) const;

  std::unordered_map<std::int32_t, AddedToken> tokens_;
  std::unordered_map<std::int32_t, std::string> texts_;
  Ids specials_;
  Sorted raw_;
  Sorted normalized_;
  std::int64_t id_bound_ = 0;
};

}  // namespace fidelio::tokenizers
