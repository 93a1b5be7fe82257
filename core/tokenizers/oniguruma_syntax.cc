#include "core/tokenizers/oniguruma_syntax.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <vector>

#include "core/quote.h"
#include "core/user_error.h"

namespace fidelio::tokenizers {

namespace {

constexpr std::size_t kMaxPatternBytes = 1 << 16;
constexpr std::size_t kMaxGroups = 200;  // one inside another; PCRE2's own limit is 250
constexpr std::string_view kWordItems = R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc})";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }

class Translator {
 public:
  Translator(std::string_view pattern, const std::string& where)
      : pattern_(pattern), where_(where) {}

  std::string run() {
    if (pattern_.size() > kMaxPatternBytes) {
      refuse(fmt::format("a pattern of {} bytes", pattern_.size()));
    }
    if (take("(?i)")) {  // at the beginning alone it reaches as far in both engines
      out_ += "(?i)";
      groups_.front().caseless = true;
    }
    while (at_ < pattern_.size()) element();
    if (groups_.size() != 1) refuse("a group that does not end");
    return std::move(out_);
  }

 private:
  struct Group {
    std::size_t begin;  ///< in out_
    bool caseless;
  };

  [[noreturn]] void refuse(std::string_view what) const {
    throw UserError(fmt::format(
        "{}: found {} in the pattern {}, expected a regular expression of the supported kind",
        where_, what, quote(pattern_)));
  }

  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : '\0';
  }
  bool take(std::string_view text) {
    if (pattern_.substr(at_, text.size()) != text) return false;
    at_ += text.size();
    return true;
  }

  void element() {
    const char c = peek();
    if (c == '*' || c == '+' || c == '?' || c == '{') return quantifier();
    if (c == '|') {
      out_ += c;
      ++at_;
      atom_ = std::string::npos;
      return;
    }
    if (c == '(') return open_group();
    if (c == ')') return close_group();
    atom_ = out_.size();
    if (c == '[') {
      out_ += char_class();
    } else if (c == '\\') {
      out_ += escape(/*in_class=*/false);
    } else {
      out_ += c;
      ++at_;
      // A quantifier after a character of several bytes repeats the whole of it.
      while ((static_cast<unsigned char>(peek()) & 0xC0U) == 0x80U) out_ += pattern_[at_++];
    }
  }

  void open_group() {
    static constexpr std::string_view kKinds[] = {"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>"};
    const std::size_t begin = out_.size();
    bool caseless = groups_.back().caseless;
    const auto* kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                                    [&](std::string_view text) { return take(text); });
    if (kind != std::end(kKinds)) {
      out_ += *kind;
    } else if (take("(?i:")) {
      out_ += "(?i:";
      caseless = true;
    } else if (peek(1) == '?' || peek(1) == '*') {
      refuse(quote(pattern_.substr(at_, 4)));
    } else {
      out_ += "(?:";  // what a group captured is never asked for
      ++at_;
    }
    if (groups_.size() > kMaxGroups) {
      refuse(fmt::format("groups nested deeper than {}", kMaxGroups));
    }
    groups_.push_back({begin, caseless});
    atom_ = std::string::npos;
  }

  void close_group() {
    if (groups_.size() == 1) refuse("a ) without its (");
    out_ += ')';
    ++at_;
    atom_ = groups_.back().begin;
    groups_.pop_back();
  }

  void quantifier() {
    if (peek() == '{') {
      if (interval()) return;
      atom_ = out_.size();  // a brace that begins no interval stands for itself
      out_ += "\\{";
      ++at_;
      return;
    }
    if (atom_ == std::string::npos) refuse("a quantifier with nothing before it");
    out_ += pattern_[at_++];
    if (peek() == '?' || peek() == '+') out_ += pattern_[at_++];
    if (peek() == '*' || peek() == '+' || peek() == '?') refuse("a quantifier after a quantifier");
  }

  /// {n}, {n,}, {n,m} and {,m}; false, and nothing taken, when the brace begins none of them.
  bool interval() {
    std::size_t end = at_ + 1;
    const auto digits = [&] {
      const std::size_t begin = end;
      while (end < pattern_.size() && is_digit(pattern_[end])) ++end;
      return std::string(pattern_.substr(begin, end - begin));
    };
    std::string text = digits();
    const bool range = end < pattern_.size() && pattern_[end] == ',';
    if (range) {
      ++end;
      const std::string most = digits();
      if (text.empty() && most.empty()) return false;
      text = (text.empty() ? "0" : text) + "," + most;
    }
    if (text.empty() || end == pattern_.size() || pattern_[end] != '}') return false;
    if (atom_ == std::string::npos) refuse("a quantifier with nothing before it");
    at_ = end + 1;
    out_ += "{" + text + "}";
    if (peek() == '?') {
      if (!range) refuse("a {n}? that engines read differently");
      out_ += pattern_[at_++];
    } else if (peek() == '+' || peek() == '*') {
      // Oniguruma repeats the interval, PCRE2 would make it possessive.
      out_.insert(atom_, "(?:");
      out_ += ')';
      out_ += pattern_[at_++];
    }
    if (peek() == '*' || peek() == '+' || peek() == '?') refuse("a quantifier after a quantifier");
    return true;
  }

  /// The text of one escape; at_ stands on the backslash.
  std::string escape(bool in_class) {
    const char c = peek(1);
    if (at_ + 1 >= pattern_.size()) refuse("a \\ at its end");
    if (c == 'p' || c == 'P') return property();
    if (c == 'x' || c == 'u') return code_point();
    at_ += 2;
    switch (c) {
      case 's':
        return R"(\p{White_Space})";
      case 'S':
        return R"(\P{White_Space})";
      case 'w':
        return in_class ? std::string(kWordItems) : fmt::format("[{}]", kWordItems);
      case 'W':
        if (in_class) refuse("\\W in a class");
        return fmt::format("[^{}]", kWordItems);
      case 'b':
        if (in_class) return "\\x08";
        return fmt::format("(?:(?<=[{0}])(?![{0}])|(?<![{0}])(?=[{0}]))", kWordItems);
      case 'd':
      case 'D':
      case 'r':
      case 'n':
      case 't':
      case 'f':
      case 'a':
      case 'e':
        return {'\\', c};
      case 'v':
        return "\\x0b";
      case 'h':
        return in_class ? "0-9A-Fa-f" : "[0-9A-Fa-f]";
      default:
        break;
    }
    if (!in_class && (c == 'A' || c == 'z' || c == 'Z')) return {'\\', c};
    if (is_letter(c) || is_digit(c)) refuse(fmt::format("\\{}", c));
    if ((static_cast<unsigned char>(c) & 0x80U) != 0) {
      --at_;
      return "";  // the character itself comes next
    }
    return {'\\', c};
  }

  std::string property() {
    const bool negated = peek(1) == 'P';
    const std::size_t close = pattern_.find('}', at_);
    if (peek(2) != '{' || close == std::string_view::npos) refuse("\\p without {...}");
    std::string_view name = pattern_.substr(at_ + 3, close - at_ - 3);
    at_ = close + 1;
    const bool caret = name.starts_with('^');
    if (caret) name.remove_prefix(1);
    if (name.empty() ||
        !std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || c == '_'; })) {
      refuse(fmt::format("\\p{{{}}}", printable(name)));
    }
    if (groups_.back().caseless && (name == "Lu" || name == "Ll" || name == "Lt")) {
      refuse("a letter case inside (?i:");
    }
    const bool category = name.size() <= 2;
    return fmt::format("\\{}{{{}{}}}", negated != caret ? 'P' : 'p', category ? "" : "sc:", name);
  }

  /// \xHH below 80, \x{H...} and \uHHHH.
  std::string code_point() {
    std::size_t begin = at_ + 2;
    std::size_t end = begin;
    const bool braces = peek(1) == 'x' && peek(2) == '{';
    const std::size_t most = braces ? 6 : (peek(1) == 'u' ? 4 : 2);
    if (braces) end = ++begin;
    while (end < pattern_.size() && end - begin < most && is_hex(pattern_[end])) ++end;
    const std::string digits(pattern_.substr(begin, end - begin));
    const bool whole = braces ? end < pattern_.size() && pattern_[end] == '}' && !digits.empty()
                              : digits.size() == most;
    if (!whole) refuse("\\x or \\u without its digits");
    if (most == 2 && digits[0] >= '8') refuse("\\xHH of a byte that is no character");
    at_ = end + (braces ? 1 : 0);
    return "\\x{" + digits + "}";
  }

  std::string char_class() {
    ++at_;
    const bool negated = take("^");
    if (peek() == ']') refuse("a class that begins with ]");
    std::string items;
    while (peek() != ']' || at_ >= pattern_.size()) {
      if (at_ >= pattern_.size()) refuse("a class that does not end");
      if (take("&&")) {
        if (negated || peek() != '[' || items.empty()) refuse("&& in a class");
        const std::string other = char_class();
        if (peek() != ']') refuse("&& in a class");
        ++at_;
        return fmt::format("(?:(?={})[{}])", other, items);
      }
      if (peek() == '[') refuse("[ in a class");
      if (peek() == '\\') {
        items += escape(/*in_class=*/true);
      } else {
        items += pattern_[at_++];
      }
    }
    ++at_;
    return (negated ? "[^" : "[") + items + "]";
  }

  std::string_view pattern_;
  const std::string& where_;
  std::size_t at_ = 0;
  std::string out_;
  std::size_t atom_ = std::string::npos;  ///< where in out_ the thing a quantifier repeats begins
  std::vector<Group> groups_ = {{0, false}};
};

}  // namespace

std::string oniguruma_to_pcre2(std::string_view pattern, const std::string& where) {
  return Translator(pattern, where).run();
}

}  // namespace fidelio::tokenizers
