#include "core/tokenizers/added_tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/quote.h"
#include "core/tokenizers/normalizer.h"
#include "core/tokenizers/utf8.h"
#include "core/user_error.h"

namespace fidelio::tokenizers {

namespace {

/// Tests of single characters.
class CharacterSet {
 public:
  explicit CharacterSet(const char* pattern) : regex_(pattern, "a pattern of this program") {}
  bool has(std::string_view character) const { return !regex_.find_all(character).empty(); }

 private:
  Regex regex_;
};

const CharacterSet& white_space() {
  static const CharacterSet kSet(R"(\s)");
  return kSet;
}
/// \w as Rust's regular expressions have it, with the joiners.
const CharacterSet& word_characters() {
  static const CharacterSet kSet(R"([\w\x{200C}\x{200D}])");
  return kSet;
}

std::string_view character_before(std::string_view text, std::size_t at) {
  std::size_t begin = at;
  while (begin > 0) {
    --begin;
    if ((static_cast<unsigned char>(text[begin]) & 0xC0U) != 0x80U) break;
  }
  return text.substr(begin, at - begin);
}
std::string_view character_at(std::string_view text, std::size_t at) {
  return at < text.size() ? text.substr(at, character_bytes(text[at])) : std::string_view();
}

bool stands_alone(std::string_view text, const Range& range) {
  return !word_characters().has(character_before(text, range.begin)) &&
         !word_characters().has(character_at(text, range.end));
}

std::size_t white_space_begin(std::string_view text, std::size_t end, std::size_t lowest) {
  while (end > lowest) {
    const std::string_view character = character_before(text, end);
    if (!white_space().has(character)) break;
    end -= character.size();
  }
  return end;
}
std::size_t white_space_end(std::string_view text, std::size_t begin) {
  while (begin < text.size()) {
    const std::string_view character = character_at(text, begin);
    if (!white_space().has(character)) break;
    begin += character.size();
  }
  return begin;
}

}  // namespace

bool AddedTokens::Trie::add(std::string_view content, std::int32_t id) {
  std::size_t node = 0;
  for (const char c : content) {
    const auto [child, is_new] = nodes[node].children.emplace(c, nodes.size());
    node = child->second;
    if (is_new) nodes.emplace_back();
  }
  if (nodes[node].id) return false;
  nodes[node].id = id;
  return true;
}

std::optional<AddedTokens::Part> AddedTokens::Trie::longest(std::string_view text,
                                                            std::size_t from) const {
  std::optional<Part> best;
  std::size_t node = 0;
  for (std::size_t i = from; i < text.size(); ++i) {
    const auto child = nodes[node].children.find(text[i]);
    if (child == nodes[node].children.end()) break;
    node = child->second;
    if (nodes[node].id) best = Part{{from, i + 1}, nodes[node].id};
  }
  return best;
}

AddedTokens::AddedTokens(const std::vector<AddedToken>& tokens, const Normalizer& normalizer,
                         const std::string& where) {
  std::set<std::string_view> contents;
  for (const AddedToken& token : tokens) {
    if (token.content.empty()) continue;  // stands nowhere; the `tokenizers` package skips it too
    const std::string text = token.normalized ? normalizer.apply(token.content) : token.content;
    const bool is_new =
        contents.insert(token.content).second && tokens_.emplace(token.id, token).second &&
        (text.empty() || (token.normalized ? normalized_ : raw_).add(text, token.id));
    if (!is_new) {
      throw UserError(
          fmt::format("{}: found the added token {} (id {}), or its id, twice; expected "
                      "it once",
                      where, quote(token.content), token.id));
    }
    if (token.special) specials_.emplace(token.content, token.id);
    texts_.emplace(token.id, text);
    id_bound_ = std::max(id_bound_, std::int64_t{token.id} + 1);
  }
}

const std::string* AddedTokens::text_of(std::int32_t id) const {
  const auto place = texts_.find(id);
  return place == texts_.end() ? nullptr : &place->second;
}

std::vector<AddedTokens::Part> AddedTokens::cut(std::string_view text, const Trie& trie) const {
  std::vector<Part> parts;
  std::size_t done = 0;
  for (std::size_t i = 0; i < text.size();) {
    std::optional<Part> found = trie.longest(text, i);
    if (!found) {
      ++i;
      continue;
    }
    i = found->range.end;
    const AddedToken& token = tokens_.at(*found->id);
    Range& range = found->range;
    if (token.single_word && !stands_alone(text, range)) continue;
    // White space that the token before took stays with it.
    if (token.lstrip)
      range.begin = white_space_begin(text, range.begin, std::min(done, range.begin));
    if (token.rstrip) range.end = white_space_end(text, range.end);
    if (done < range.begin) parts.push_back({{done, range.begin}, std::nullopt});
    parts.push_back(*found);
    done = range.end;
  }
  if (done < text.size()) parts.push_back({{done, text.size()}, std::nullopt});
  return parts;
}

}  // namespace fidelio::tokenizers
