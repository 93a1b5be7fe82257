// Patterns before and after translation, and what the translated ones match.
#include "core/tokenizers/oniguruma_syntax.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/tokenizers/regex.h"

namespace fidelio::tokenizers {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(OnigurumaSyntax, IsTranslatedForPcre2) {
  const struct {
    const char* before;
    const char* after;
  } kCases[] = {
      {R"(\s+(?!\S)|\s+)", R"(\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+)"},
      {R"([^\s\p{L}\p{N}])", R"([^\p{White_Space}\p{L}\p{N}])"},
      {R"(\p{Han}\P{Han}\p{^Han})", R"(\p{sc:Han}\P{sc:Han}\P{sc:Han})"},
      {R"(\p{N}{1,3}+)", R"((?:\p{N}{1,3})+)"},
      {R"(\p{N}{1,3})", R"(\p{N}{1,3})"},
      {R"((ab|c){2,}+x)", R"((?:(?:ab|c){2,})+x)"},
      {R"(a{,3})", R"(a{0,3})"},
      {R"(a{b)", R"(a\{b)"},
      {R"(\p{L}++ ?+[\r\n]*+)", R"(\p{L}++ ?+[\r\n]*+)"},
      {R"([\p{L}&&[^\p{Han}]]+)", R"((?:(?=[^\p{sc:Han}])[\p{L}])+)"},
      {R"((?i)a)", R"((?i)a)"},
      {R"((?i:'s|'ll))", R"((?i:'s|'ll))"},
      {R"(\u4e00\x{1F600}\x41)", R"(\x{4e00}\x{1F600}\x{41})"},
      {R"(\v\h[\h])", R"(\x0b[0-9A-Fa-f][0-9A-Fa-f])"},
      {R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~])", R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~])"},
      {"\xC3\xA9+", "\xC3\xA9+"},
  };

  for (const auto& [before, after] : kCases) {
    EXPECT_EQ(oniguruma_to_pcre2(before, "a test"), after);
  }
}

std::vector<std::string> matches(const char* pattern, std::string_view text) {
  std::vector<std::string> found;
  for (const Range& range : Regex(pattern, "a test").find_all(text, Budget())) {
    found.emplace_back(text.substr(range.begin, range.end - range.begin));
  }
  return found;
}

TEST(Regex, MatchesByUnicodesOwnDefinitions) {
  EXPECT_THAT(matches(R"(\s)", "a\u180e\u0085\u00a0"), ElementsAre("\u0085", "\u00a0"));
  EXPECT_THAT(matches(R"(\w+)", "e\u0301\u203fx-\u0661"), ElementsAre("e\u0301\u203fx", "\u0661"));
  EXPECT_THAT(matches(R"(\b\w)", "é_a b"), ElementsAre("é", "b"));
  EXPECT_THAT(matches(R"(\p{Han}+)", "漢字、かな"), ElementsAre("漢字"));  // 、 is Common
  EXPECT_THAT(matches(R"((?i:'s))", "'S 'ſ 's"), ElementsAre("'S", "'ſ", "'s"));
  EXPECT_THAT(matches(R"(a.c|^b$)", "a\nc\nb\na\rc"), ElementsAre("b", "a\rc"));
}

TEST(Regex, GoesOnBehindEmptyMatchesAndLongGaps) {
  EXPECT_THAT(matches("x*", "axé"), ElementsAre("", "x", ""));
  EXPECT_THAT(matches("b", std::string(1000, 'a') + "b" + std::string(600, '-') + "b"),
              ElementsAre("b", "b"));
  EXPECT_THAT(matches("é", std::string(257, 'a') + "éé"), ElementsAre("é", "é"));
  EXPECT_THAT(matches("b", std::string_view("\0b", 2)), ElementsAre("b"));
  EXPECT_THAT(matches("b", ""), IsEmpty());
}

}  // namespace
}  // namespace fidelio::tokenizers
