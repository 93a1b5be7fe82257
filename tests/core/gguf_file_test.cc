// What a GGUF file says of its tensors is what is found, and no file makes the reader leave it.
#include "core/gguf/gguf_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/gguf_writer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/user_error.h"

namespace fidelio {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::GgufWriter;
using ::testing::HasSubstr;
using testing::kF32;
using testing::kQ4K;
using testing::kQ8;
using testing::TempDir;
using testing::user_error_of;

std::string refusal_to_open(const std::string& bytes) {
  const TempDir dir;
  const auto file = dir.write("m.gguf", bytes);
  const std::string message = user_error_of([&] { GgufFile::open(file); });
  EXPECT_THAT(message, HasSubstr("m.gguf")) << "the file must be named";
  return message;
}
std::string refusal_to_open(const GgufWriter& writer) { return refusal_to_open(writer.bytes()); }

GgufWriter good() {
  GgufWriter writer;
  writer.add("general.architecture", "llama").add("a.count", 3U);
  writer.floats("b", {3, 2}, {1, 2, 3, 4, 5, 6}).floats("a", {1}, {7});
  return writer;
}

TEST(GgufFile, FindsWhatWasWritten) {
  const TempDir dir;
  const GgufFile file = GgufFile::open(good().write(dir / "m.gguf"));

  ASSERT_EQ(file.tensors().size(), 2U);
  const GgufTensor& b = file.tensors()[0];
  EXPECT_EQ(b.name, "b");
  EXPECT_EQ(b.type->name, "F32");
  EXPECT_THAT(b.shape, ElementsAre(2, 3)) << "the fastest dimension comes last";
  ASSERT_EQ(b.bytes.size(), 24U);
  float last = 0;
  std::memcpy(&last, b.bytes.data() + 20, 4);
  EXPECT_EQ(last, 6);
  EXPECT_THAT(file.metadata().keys(), ElementsAre("general.architecture", "a.count"));
}

TEST(GgufFile, GivesTheSameFromMemory) {
  const TempDir dir;
  const auto path = good().write(dir / "m.gguf");
  const GgufFile mapped = GgufFile::open(path);
  const GgufFile read = GgufFile::open(path, LoadMode::read);

  EXPECT_TRUE(std::equal(mapped.tensors()[0].bytes.begin(), mapped.tensors()[0].bytes.end(),
                         read.tensors()[0].bytes.begin(), read.tensors()[0].bytes.end()));
}

TEST(GgufFile, ReadsVersion2AndRefusesOthers) {
  EXPECT_NO_THROW({
    const TempDir dir;
    GgufFile::open(good().version(2).write(dir / "m.gguf"));
  });
  EXPECT_THAT(refusal_to_open(good().version(1)), HasSubstr("version: found 1, expected 2 or 3"));
  EXPECT_THAT(refusal_to_open(good().version(4)), HasSubstr("found 4"));
  EXPECT_THAT(refusal_to_open(good().version(0x03000000)), HasSubstr("big-endian"));
}

TEST(GgufFile, RefusesWhatIsNoGgufFile) {
  EXPECT_THAT(refusal_to_open("GGML and more of it"),
              HasSubstr("magic number: found \"GGML\", expected \"GGUF\""));
  EXPECT_THAT(refusal_to_open(""), HasSubstr("magic number"));
}

TEST(GgufFile, EveryShorterFileIsRefused) {
  const std::string whole = good().bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const TempDir dir;
    const auto file = dir.write("m.gguf", whole.substr(0, size));
    EXPECT_NE(user_error_of([&] { GgufFile::open(file); }), "") << size;
  }
}

TEST(GgufFile, CountsBeyondTheFileNeedNoMemory) {
  EXPECT_THAT(refusal_to_open(good().counts(UINT64_MAX, 2)),
              HasSubstr("tensor 2 of 18446744073709551615"));
  EXPECT_THAT(refusal_to_open(good().counts(2, UINT64_MAX)), HasSubstr("end of the file"));
  EXPECT_THAT(refusal_to_open(GgufWriter().add_array("k", GgufType::string, UINT64_MAX, "")),
              HasSubstr("end of the file"));
  EXPECT_THAT(refusal_to_open(GgufWriter().add_array("k", GgufType::uint64, UINT64_MAX / 4, "")),
              HasSubstr("end of the file"));
}

TEST(GgufFile, RefusesTensorsThatAreNotInTheFile) {
  EXPECT_THAT(refusal_to_open(good().entry("c", {8}, kF32, 64)),
              AllOf(HasSubstr("tensor \"c\""), HasSubstr("32 bytes at offset 64")));
  EXPECT_THAT(refusal_to_open(good().entry("c", {1}, kF32, UINT64_MAX - 31)), HasSubstr("\"c\""));
  EXPECT_THAT(refusal_to_open(good().entry("c", {INT64_MAX, 4, 4}, kF32, 64)),
              HasSubstr("a size that fits in 64 bits"));
  EXPECT_THAT(refusal_to_open(good().entry("c", {1, UINT64_MAX}, kF32, 64)),
              HasSubstr("the dimension 18446744073709551615"));
}

TEST(GgufFile, RefusesTensorsThatOverlap) {
  EXPECT_THAT(refusal_to_open(good().entry("c", {1}, kF32, 0)),
              AllOf(HasSubstr("inside"), HasSubstr("\"c\"")));
  EXPECT_THAT(refusal_to_open(good().entry("b", {1}, kF32, 64)),
              HasSubstr("tensor \"b\": found it twice, expected it once"));
}

TEST(GgufFile, RefusesOffsetsThatAreNotAligned) {
  EXPECT_THAT(refusal_to_open(good().entry("c", {1}, kF32, 8)),
              HasSubstr("the offset 8, expected a multiple of the alignment 32"));
  EXPECT_THAT(refusal_to_open(good().add("general.alignment", 24U)),
              HasSubstr("general.alignment: found 24, expected a power of two"));
}

TEST(GgufFile, TakesTheAlignmentThatTheFileSays) {
  const TempDir dir;
  GgufWriter writer;
  writer.add("general.alignment", 64U).alignment(64).floats("a", {1}, {1}).floats("b", {1}, {2});
  const GgufFile file = GgufFile::open(writer.write(dir / "m.gguf"));

  float second = 0;
  std::memcpy(&second, file.tensors()[1].bytes.data(), 4);
  EXPECT_EQ(second, 2);
}

TEST(GgufFile, RefusesShapesThatGgmlDoesNotHave) {
  EXPECT_THAT(refusal_to_open(good().entry("c", {}, kF32, 64)), HasSubstr("0 dimensions"));
  EXPECT_THAT(refusal_to_open(good().entry("c", {1, 1, 1, 1, 1}, kF32, 64)),
              HasSubstr("5 dimensions"));
  EXPECT_THAT(refusal_to_open(good().entry("c", {0}, kF32, 64)), HasSubstr("the dimension 0"));
  EXPECT_THAT(refusal_to_open(good().entry("c", {33}, kQ8, 64)),
              HasSubstr("rows of whole blocks of 32 elements"));
  EXPECT_THAT(refusal_to_open(good().entry("c", {1}, 5, 64)), HasSubstr("the type number 5"));
  EXPECT_THAT(refusal_to_open(good().entry("", {1}, kF32, 64)), HasSubstr("a name of 0 bytes"));
}

TEST(GgufFile, KnowsTheBytesOfTypesThatNobodyReads) {
  const TempDir dir;
  GgufWriter writer;
  writer.tensor("q", {512, 2}, kQ4K, std::string(4 * 144, 'x'));
  const GgufFile file = GgufFile::open(writer.write(dir / "m.gguf"));

  EXPECT_EQ(file.tensors()[0].bytes.size(), 576U);
  EXPECT_FALSE(file.tensors()[0].type->readable);
}

TEST(GgufFile, IsKnownByItsNameOrItsFirstBytes) {
  const TempDir dir;

  EXPECT_TRUE(is_gguf_file(dir.write("empty.gguf", "")));
  EXPECT_TRUE(is_gguf_file(dir.write("blob", "GGUF....")));
  EXPECT_FALSE(is_gguf_file(dir.write("notes.txt", "GGU")));
  EXPECT_FALSE(is_gguf_file(dir.path()));
  EXPECT_FALSE(is_gguf_file(dir / "absent.gguf"));
}

}  // namespace
}  // namespace fidelio
