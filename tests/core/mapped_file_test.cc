// Mappings: contents, ownership, and what cannot be mapped.
#include "core/mapped_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdint>
#include <cstring>
#include <utility>

#include "tests/support/temp_dir.h"
#include "tests/support/user_error.h"

namespace fidelio {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TempDir;
using testing::user_error_of;

std::string text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

TEST(MappedFile, HoldsTheFilesBytes) {
  const TempDir dir;

  const MappedFile file = MappedFile::open(dir.write("a", "weights"));

  EXPECT_EQ(text_of(file), "weights");
  EXPECT_EQ(file.path(), dir / "a");
}

TEST(MappedFile, KeepsItsBytesInPlaceWhenMoved) {
  const TempDir dir;
  MappedFile first = MappedFile::open(dir.write("a", "first"));
  MappedFile second = MappedFile::open(dir.write("b", "second"));
  const std::byte* place = first.bytes().data();

  MappedFile moved = std::move(first);
  second = std::move(moved);

  EXPECT_EQ(second.bytes().data(), place);
  EXPECT_EQ(text_of(second), "first");
}

TEST(MappedFile, IsEmptyForAnEmptyFile) {
  const TempDir dir;

  const MappedFile file = MappedFile::open(dir.write("a", ""));
  file.prefetch();

  EXPECT_TRUE(file.bytes().empty());
}

TEST(MappedFile, RefusesWhatIsNoRegularFile) {
  const TempDir dir;
  ASSERT_EQ(::mkfifo((dir / "pipe").c_str(), 0600), 0);

  EXPECT_THAT(user_error_of([&] { MappedFile::open(dir / "none"); }),
              AllOf(HasSubstr((dir / "none").string()), HasSubstr("No such file")));
  EXPECT_THAT(user_error_of([&] { MappedFile::open(dir.path()); }),
              HasSubstr("found a directory, expected a regular file"));
  EXPECT_THAT(user_error_of([&] { MappedFile::open(dir / "pipe"); }),
              HasSubstr("found a special file, expected a regular file"));
}

TEST(MappedFile, IsReadIntoAlignedMemoryWithZerosBehind) {
  const TempDir dir;
  const std::string text(4096, 'x');  // a whole page: the zeros need one of their own

  MappedFile file = MappedFile::open(dir.write("a", text), LoadMode::read);
  const std::byte* place = file.bytes().data();
  const MappedFile moved = std::move(file);

  EXPECT_EQ(text_of(moved), text);
  EXPECT_EQ(moved.bytes().data(), place);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(place) % 4096, 0U);
  for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(place[text.size() + i], std::byte{0});
}

TEST(MappedFile, ThatWasReadKeepsItsBytesWhenTheFileChanges) {
  const TempDir dir;
  const MappedFile file = MappedFile::open(dir.write("a", "weights"), LoadMode::read);

  dir.write("a", "others");

  EXPECT_EQ(text_of(file), "weights");
}

TEST(MappedFile, RefusesAFileThatEndsBeforeItsSizeWhenRead) {
  const std::filesystem::path attribute = "/sys/kernel/mm/transparent_hugepage/enabled";
  std::error_code error;  // the system claims a page for it and gives a line
  if (!std::filesystem::is_regular_file(attribute, error)) GTEST_SKIP() << "no such attribute";

  EXPECT_THAT(user_error_of([&] { MappedFile::open(attribute, LoadMode::read); }),
              HasSubstr("it became shorter while it was read"));
}

TEST(ReadTextFile, ReadsUpToItsLimitAndNotBeyond) {
  const TempDir dir;
  const auto file = dir.write("a", "12345");

  EXPECT_EQ(read_text_file(file, 5), "12345");
  EXPECT_THAT(user_error_of([&] { read_text_file(file, 4); }),
              HasSubstr("found 5 bytes, expected at most 4"));
}

}  // namespace
}  // namespace fidelio
