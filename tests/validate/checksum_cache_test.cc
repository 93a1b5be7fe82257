// Remembered checksums: used for the same file, not for a changed one, and never trusted when
// damaged.
#include "validate/checksum_cache.h"

#include <gtest/gtest.h>

#include "core/checksum.h"
#include "tests/support/temp_dir.h"

namespace fidelio::testing {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

class ChecksumCache : public ::testing::Test {
 protected:
  std::string look_up(const std::string& contents, std::size_t cached_bytes = 0) const {
    return cached_checksum(dir_ / "weights", bytes_of(contents), dir_ / "deep/cache.json",
                           cached_bytes);
  }
  TempDir dir_;
};

TEST_F(ChecksumCache, RemembersAFileByPathSizeAndTime) {
  dir_.write("weights", "abc");
  EXPECT_EQ(look_up("abc"), xxh3_128_hex(bytes_of("abc")));
  EXPECT_EQ(look_up("xyz"), xxh3_128_hex(bytes_of("abc"))) << "the contents are not read again";
}

TEST_F(ChecksumCache, HashesAgainWhenSizeOrTimeChange) {
  const auto file = dir_.write("weights", "abc");
  look_up("abc");
  EXPECT_EQ(look_up("abcd"), xxh3_128_hex(bytes_of("abcd")));
  std::filesystem::last_write_time(file,
                                   std::filesystem::last_write_time(file) + std::chrono::hours(1));
  EXPECT_EQ(look_up("xyz"), xxh3_128_hex(bytes_of("xyz")));
}

TEST_F(ChecksumCache, DoesWithoutADamagedCache) {
  dir_.write("weights", "abc");
  dir_.write("deep/cache.json", "{\"");
  EXPECT_EQ(look_up("abc"), xxh3_128_hex(bytes_of("abc")));
}

TEST_F(ChecksumCache, LeavesSmallFilesAlone) {
  dir_.write("weights", "abc");
  look_up("abc", 4);
  EXPECT_FALSE(std::filesystem::exists(dir_ / "deep/cache.json"));
}

}  // namespace
}  // namespace fidelio::testing
