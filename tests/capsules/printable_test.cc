// What a terminal may be given of an untrusted text.
#include "capsules/printable.h"

#include <gtest/gtest.h>

namespace fidelio {
namespace {

TEST(Printable, KeepsTextOfAnyScript) {
  for (const char* text : {"", "plain ~ text", "caf\xC3\xA9", "\xE6\xBC\xA2", "\xF0\x9F\x8E\xBB"})
    EXPECT_EQ(printable(text), text);
}

TEST(Printable, ReplacesWhatATerminalActsOn) {
  EXPECT_EQ(printable("a\x1b[2Jb"), "a?[2Jb");
  EXPECT_EQ(printable("a\r\nb\tc\x7f"), "a??b?c?");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a?b");
  EXPECT_EQ(printable("\xC2\x9B"
                      "2J"),
            "?2J");  // CSI of C1
  EXPECT_EQ(printable("\xE2\x80\xAE"
                      "TCAXE"),
            "?TCAXE");                        // right-to-left override
  EXPECT_EQ(printable("\xE2\x80\xA8"), "?");  // line separator
}

TEST(Printable, ReplacesEachByteThatIsNotUtf8) {
  EXPECT_EQ(printable("\xff\xfe"), "??");
  EXPECT_EQ(printable("\xC3"), "?");                 // cut short
  EXPECT_EQ(printable("\xC0\x9B"), "??");            // overlong
  EXPECT_EQ(printable("\xE0\x82\x9B"), "???");       // overlong CSI
  EXPECT_EQ(printable("\xED\xA0\x80"), "???");       // surrogate
  EXPECT_EQ(printable("\xF4\x90\x80\x80"), "????");  // beyond Unicode
}

}  // namespace
}  // namespace fidelio
