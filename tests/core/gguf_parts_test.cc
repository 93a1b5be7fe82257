// Which files make one GGUF model: a single one, or all parts that llama.cpp's gguf-split wrote.
#include "core/gguf/gguf_parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/gguf_writer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/user_error.h"

namespace fidelio {
namespace {

using testing::GgufWriter;
using ::testing::HasSubstr;
using testing::number_bytes;
using testing::TempDir;
using testing::user_error_of;

constexpr const char* kFirst = "big-00001-of-00002.gguf";
constexpr const char* kSecond = "big-00002-of-00002.gguf";

GgufWriter part(std::uint16_t number, std::uint16_t count, std::int32_t n_tensors = 2) {
  GgufWriter writer;
  writer.add_raw("split.no", GgufType::uint16, number_bytes(number));
  writer.add_raw("split.count", GgufType::uint16, number_bytes(count));
  writer.add_raw("split.tensors.count", GgufType::int32, number_bytes(n_tensors));
  writer.floats("t" + std::to_string(number), {1}, {1});
  return writer;
}

TEST(GgufParts, AreFoundFromAnyOfThem) {
  const TempDir dir;
  part(0, 2).write(dir / kFirst);
  part(1, 2).write(dir / kSecond);

  for (const char* name : {kFirst, kSecond}) {
    const auto parts = open_gguf_parts(dir / name);
    ASSERT_EQ(parts.size(), 2U);
    EXPECT_EQ(parts[0].tensors()[0].name, "t0");
    EXPECT_EQ(parts[1].tensors()[0].name, "t1");
    EXPECT_EQ(first_gguf_part(dir / name), dir / kFirst);
    EXPECT_EQ(gguf_model_name(dir / name), "big");
  }
}

TEST(GgufParts, NameTheOneThatIsMissing) {
  const TempDir dir;
  part(0, 2).write(dir / kFirst);

  EXPECT_THAT(user_error_of([&] { open_gguf_parts(dir / kFirst); }),
              HasSubstr("big-00002-of-00002.gguf: found no such file, expected part 2 of 2"));
}

TEST(GgufParts, MustSayThatTheyBelongTogether) {
  const TempDir dir;
  part(0, 2).write(dir / kFirst);
  const auto refusal = [&](const GgufWriter& second) {
    second.write(dir / kSecond);
    return user_error_of([&] { open_gguf_parts(dir / kFirst); });
  };

  EXPECT_THAT(refusal(part(0, 2)), HasSubstr("split.no: found 0, expected 1"));
  EXPECT_THAT(refusal(part(1, 3)), HasSubstr("split.count: found 3, expected 2"));
  EXPECT_THAT(refusal(GgufWriter()), HasSubstr("split.count: found 0, expected 2"));
  part(0, 2, 5).write(dir / kFirst);
  EXPECT_THAT(refusal(part(1, 2)), HasSubstr("split.tensors.count: found 5, expected 2"));
}

TEST(GgufParts, OfASplitFileUnderAnotherNameCannotBeFound) {
  const TempDir dir;

  EXPECT_THAT(user_error_of([&] { open_gguf_parts(part(0, 2).write(dir / "renamed.gguf")); }),
              HasSubstr("split.count: found 2, expected 1, or a file name of the form"));
}

TEST(GgufParts, OfAPlainNameIsTheFileItself) {
  for (const char* name :
       {"m.gguf", "m-00003-of-00002.gguf", "-00001-of-00002x.gguf", "a-1-of-2.gguf"}) {
    EXPECT_EQ(first_gguf_part(name), name);
  }
  EXPECT_EQ(gguf_model_name("/x/Qwen3-Q8_0.gguf"), "Qwen3-Q8_0");
}

TEST(GgufParts, InAFolderAreOneModel) {
  const TempDir dir;
  EXPECT_EQ(find_gguf_in(dir.path()), std::nullopt);
  part(1, 2).write(dir / kSecond);
  EXPECT_EQ(find_gguf_in(dir.path()), dir / kFirst) << "even where the first is missing";
  part(0, 2).write(dir / kFirst);
  EXPECT_EQ(find_gguf_in(dir.path()), dir / kFirst);

  dir.write("other.gguf", "");
  EXPECT_THAT(user_error_of([&] { find_gguf_in(dir.path()); }),
              HasSubstr("found 2 GGUF models (\"big-00001-of-00002.gguf\", \"other.gguf\")"));
}

}  // namespace
}  // namespace fidelio
