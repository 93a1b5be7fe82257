// Tokens in sentences: on one line, quoted, short.
#include "capsules/token_text.h"

#include <gtest/gtest.h>

namespace fidelio {
namespace {

TEST(TokenText, IsQuotedAndEscaped) {
  EXPECT_EQ(token_text(" city", 5), "' city'");
  EXPECT_EQ(token_text("it's\n\\", 5), "'it\\'s\\n\\\\'");
  EXPECT_EQ(token_text("\x1b[2J\xE2\x80\xAE", 5), "'?[2J?'");
  EXPECT_EQ(token_text("caf\xC3\xA9", 5), "'caf\xC3\xA9'");
}

TEST(TokenText, WithoutATextIsItsId) { EXPECT_EQ(token_text("", 5), "token 5"); }

TEST(TokenText, IsShort) {
  EXPECT_EQ(token_text(std::string(1000, 'x'), 5), "'" + std::string(40, 'x') + "...'");
  EXPECT_LT(token_text(std::string(1000, '\x80'), 5).size(), 60U);
}

}  // namespace
}  // namespace fidelio
