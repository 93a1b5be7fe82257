// What is left of one line of a graph's text: small accepting steps that fail with the line's
// number. What the words mean is core/graph_parse.cc, its only user.
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <string>
#include <string_view>

#include "core/graph_text.h"
#include "core/quote.h"

namespace fidelio {

class GraphTextCursor {
 public:
  GraphTextCursor(std::string_view line, std::size_t number)
      : rest_(line.substr(0, line.find('#'))), number_(number) {}

  [[noreturn]] void fail(const std::string& why) const { throw GraphTextError(number_, why); }
  [[noreturn]] void expected(const std::string& what) {
    skip_space();
    fail(fmt::format("expected {} before {}", what, rest_.empty() ? "the end" : quote(rest_)));
  }

  bool at_end() {
    skip_space();
    return rest_.empty();
  }

  bool accept(char c) {
    skip_space();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(char c) {
    if (!accept(c)) expected(fmt::format("'{}'", c));
  }

  std::string word(const char* what, bool (*is_allowed)(char) = is_name_character) {
    skip_space();
    std::size_t n = 0;
    while (n < rest_.size() && is_allowed(rest_[n])) ++n;
    if (n == 0) expected(what);
    std::string text(rest_.substr(0, n));
    rest_.remove_prefix(n);
    return text;
  }

  /// A name behind its sigil, '%' or '@'.
  std::string name(char sigil) {
    expect(sigil);
    return word("a name", sigil == '@' ? is_source_character : is_name_character);
  }

  template <typename T>
  T number(const char* what) {
    skip_space();
    std::size_t n = 0;
    while (n < rest_.size() && (is_name_character(rest_[n]) || rest_[n] == '+')) ++n;
    T value{};
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + n, value);
    if (error != std::errc() || end != rest_.data() + n) expected(what);
    rest_.remove_prefix(n);
    return value;
  }

  std::size_t line() const { return number_; }

 private:
  void skip_space() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t' || rest_[0] == '\r')) {
      rest_.remove_prefix(1);
    }
  }

  std::string_view rest_;
  std::size_t number_;
};

}  // namespace fidelio
