// XXH3-128 against digests that the python-xxhash package printed: xxh3_128_hexdigest(b"...").
#include "core/checksum.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/temp_dir.h"
#include "tests/support/user_error.h"

namespace fidelio {
namespace {

std::string checksum_of(const std::string& text) {
  return xxh3_128_hex(std::as_bytes(std::span(text)));
}

TEST(Checksum, IsThatOfTheReferenceImplementation) {
  EXPECT_EQ(checksum_of(""), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(checksum_of("fidelio"), "aeb53ed69f0041015d8a8604820e7219");
}

TEST(Checksum, OfAFileIsThatOfItsBytes) {
  const testing::TempDir dir;
  const std::string text(1'000'003, 'w');

  EXPECT_EQ(xxh3_128_hex_of_file(dir.write("a", text)), checksum_of(text));
}

TEST(Checksum, ChangesWithASingleBit) {
  std::string text(1000, 'w');
  const std::string before = checksum_of(text);

  text[999] ^= 1;

  EXPECT_NE(checksum_of(text), before);
}

TEST(Checksum, OfSeveralFilesIsThatOfTheirLines) {
  const std::vector<FileChecksum> one = {{"vocab.json", checksum_of("a")}};
  const std::vector<FileChecksum> two = {one[0], {"merges.txt", checksum_of("b")}};

  EXPECT_EQ(combined_checksum(one), checksum_of("a"));
  EXPECT_EQ(combined_checksum(two),
            checksum_of(checksum_of("a") + "  vocab.json\n" + checksum_of("b") + "  merges.txt\n"));
}

TEST(Checksum, OfAMissingFileIsAUserError) {
  const testing::TempDir dir;

  EXPECT_NE(testing::user_error_of([&] { xxh3_128_hex_of_file(dir / "none"); }), "");
}

}  // namespace
}  // namespace fidelio
