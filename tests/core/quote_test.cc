// Names from hostile files must not reach a terminal raw.
#include "core/quote.h"

#include <gtest/gtest.h>

namespace fidelio {
namespace {

TEST(Quote, PutsAPlainNameBetweenDoubleQuotes) {
  EXPECT_EQ(quote("model.norm.weight"), "\"model.norm.weight\"");
}

TEST(Quote, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(printable("a\x1b[2J\nb\x7f"), "a\\x1b[2J\\x0ab\\x7f");
  EXPECT_EQ(printable("a\xc2\x9b"
                      "2J"),
            "a\\x9b2J");  // U+009B, the one-byte form of ESC [
}

TEST(Quote, LeavesOtherUtf8Alone) { EXPECT_EQ(printable("größe é ü"), "größe é ü"); }

TEST(Quote, CutsALongNameWithoutSplittingACharacter) {
  EXPECT_EQ(printable("abcdef", 3), "abc...");
  EXPECT_EQ(printable("abé", 3), "ab...");
  EXPECT_EQ(printable("abc", 3), "abc");
}

TEST(Quote, WritesShapesAsLists) {
  EXPECT_EQ(shape_text(std::vector<std::int64_t>{4, 2, 64}), "[4, 2, 64]");
  EXPECT_EQ(shape_text({}), "[]");
}

}  // namespace
}  // namespace fidelio
