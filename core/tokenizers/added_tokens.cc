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

// Far above any published file, and little memory. Normalizers can make much of a short content.
constexpr std::size_t kMaxContentBytes = std::size_t{64} << 10;
constexpr std::size_t kMaxContentsBytes = std::size_t{16} << 20;

/// Tests of single characters.
class CharacterSet {
 public:
  explicit CharacterSet(const char* pattern) : regex_(pattern, "a pattern of this program") {}
  bool has(std::string_view character, const Budget& budget) const {
    return !regex_.find_all(character, budget).empty();
  }

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

bool stands_alone(std::string_view text, const Range& range, const Budget& budget) {
  return !word_characters().has(character_before(text, range.begin), budget) &&
         !word_characters().has(character_at(text, range.end), budget);
}

std::size_t white_space_begin(std::string_view text, std::size_t end, std::size_t lowest,
                              const Budget& budget) {
  while (end > lowest) {
    const std::string_view character = character_before(text, end);
    if (!white_space().has(character, budget)) break;
    end -= character.size();
  }
  return end;
}
std::size_t white_space_end(std::string_view text, std::size_t begin, const Budget& budget) {
  while (begin < text.size()) {
    const std::string_view character = character_at(text, begin);
    if (!white_space().has(character, budget)) break;
    begin += character.size();
  }
  return begin;
}

/// What a token is looked for as.
std::string looked_for(const AddedToken& token, const Normalizer& normalizer, const Budget& budget,
                       const std::string& where) {
  if (!token.normalized) return token.content;  // short, as its reader sees to
  std::optional<std::string> text =
      normalizer.apply_within(kMaxContentBytes, token.content, budget);
  if (!text) {
    throw UserError(
        fmt::format("{}: found more than {} bytes to look for as the token with id {}, "
                    "expected at most as many",
                    where, kMaxContentBytes, token.id));
  }
  return *std::move(text);
}

}  // namespace

std::optional<AddedTokens::Part> AddedTokens::Sorted::longest(std::string_view text,
                                                              std::size_t from) const {
  const auto byte_at = [](const auto& entry, std::size_t at) {
    return static_cast<unsigned char>(entry.first[at]);
  };
  std::optional<Part> best;
  auto begin = entries_.begin();  // from here to `end`: longer than the text matched so far, with
  auto end = entries_.end();      // which they all begin
  for (std::size_t i = from; i < text.size() && begin != end; ++i) {
    const std::size_t at = i - from;
    const auto byte = static_cast<unsigned char>(text[i]);
    begin = std::lower_bound(begin, end, byte, [&](const auto& entry, unsigned char wanted) {
      return byte_at(entry, at) < wanted;
    });
    end = std::upper_bound(begin, end, byte, [&](unsigned char wanted, const auto& entry) {
      return wanted < byte_at(entry, at);
    });
    if (begin != end && begin->first.size() == at + 1) {
      best = Part{{from, i + 1}, begin->second};
      ++begin;
    }
  }
  return best;
}

AddedTokens::AddedTokens(const std::vector<AddedToken>& tokens, const Normalizer& normalizer,
                         const std::string& where) {
  const Budget budget;
  std::set<std::string_view> contents;
  Ids raw;
  Ids normalized;
  std::size_t n_bytes = 0;
  for (const AddedToken& token : tokens) {
    if (token.content.empty()) continue;  // stands nowhere; the `tokenizers` package skips it too
    const std::string text = looked_for(token, normalizer, budget, where);
    n_bytes += text.size();
    if (n_bytes > kMaxContentsBytes) {
      throw UserError(
          fmt::format("{}: found more than {} bytes of tokens, expected at most as many", where,
                      kMaxContentsBytes));
    }
    const bool is_new =
        contents.insert(token.content).second && tokens_.emplace(token.id, token).second &&
        (text.empty() || (token.normalized ? normalized : raw).emplace(text, token.id).second);
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
  raw_ = Sorted(raw);
  normalized_ = Sorted(normalized);
}

const std::string* AddedTokens::text_of(std::int32_t id) const {
  const auto place = texts_.find(id);
  return place == texts_.end() ? nullptr : &place->second;
}

std::vector<AddedTokens::Part> AddedTokens::cut(std::string_view text, const Sorted& contents,
                                                const Budget& budget) const {
  std::vector<Part> parts;
  std::size_t done = 0;
  for (std::size_t i = 0; i < text.size();) {
    std::optional<Part> found = contents.longest(text, i);
    if (!found) {
      ++i;
      continue;
    }
    i = found->range.end;
    const AddedToken& token = tokens_.at(*found->id);
    Range& range = found->range;
    if (token.single_word && !stands_alone(text, range, budget)) continue;
    // White space that the token before took stays with it.
    if (token.lstrip)
      range.begin = white_space_begin(text, range.begin, std::min(done, range.begin), budget);
    if (token.rstrip) range.end = white_space_end(text, range.end, budget);
    if (done < range.begin) parts.push_back({{done, range.begin}, std::nullopt});
    parts.push_back(*found);
    done = range.end;
  }
  if (done < text.size()) parts.push_back({{done, text.size()}, std::nullopt});
  return parts;
}

}  // namespace fidelio::tokenizers
