// Typed values by key: what was written comes back, and every other type is refused by name.
#include "core/gguf/gguf_metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <memory>

#include "core/gguf/gguf_file.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/user_error.h"

namespace fidelio {
namespace {

using ::testing::ElementsAre;
using testing::GgufWriter;
using ::testing::HasSubstr;
using testing::number_bytes;
using testing::TempDir;
using testing::text_bytes;
using testing::user_error_of;

constexpr std::int64_t kMin = INT64_MIN;
constexpr std::int64_t kMax = INT64_MAX;

/// A file with the metadata alone.
class Opened {
 public:
  explicit Opened(const GgufWriter& writer)
      : file_(GgufFile::open(writer.write(dir_ / "m.gguf"))) {}
  const GgufMetadata* operator->() const { return &file_.metadata(); }

 private:
  TempDir dir_;
  GgufFile file_;
};

std::string refusal_to_read(const GgufWriter& writer) {
  return user_error_of([&] { Opened opened(writer); });
}

TEST(GgufMetadata, ReadsIntegersOfEveryType) {
  GgufWriter writer;
  writer.add_raw("u8", GgufType::uint8, number_bytes(std::uint8_t{200}));
  writer.add_raw("i8", GgufType::int8, number_bytes(std::int8_t{-100}));
  writer.add_raw("u16", GgufType::uint16, number_bytes(std::uint16_t{60000}));
  writer.add_raw("i16", GgufType::int16, number_bytes(std::int16_t{-30000}));
  writer.add_raw("u32", GgufType::uint32, number_bytes(std::uint32_t{4000000000}));
  writer.add_raw("i32", GgufType::int32, number_bytes(std::int32_t{-2000000000}));
  writer.add_raw("u64", GgufType::uint64, number_bytes(std::uint64_t{1} << 62));
  writer.add_raw("i64", GgufType::int64, number_bytes(-(std::int64_t{1} << 62)));
  const Opened metadata(writer);

  EXPECT_EQ(metadata->find_integer("u8", kMin, kMax), 200);
  EXPECT_EQ(metadata->find_integer("i8", kMin, kMax), -100);
  EXPECT_EQ(metadata->find_integer("u16", kMin, kMax), 60000);
  EXPECT_EQ(metadata->find_integer("i16", kMin, kMax), -30000);
  EXPECT_EQ(metadata->find_integer("u32", kMin, kMax), 4000000000);
  EXPECT_EQ(metadata->find_integer("i32", kMin, kMax), -2000000000);
  EXPECT_EQ(metadata->find_integer("u64", kMin, kMax), std::int64_t{1} << 62);
  EXPECT_EQ(metadata->find_integer("i64", kMin, kMax), -(std::int64_t{1} << 62));
  EXPECT_EQ(metadata->find_integer("absent", kMin, kMax), std::nullopt);
}

TEST(GgufMetadata, ReadsTheOtherTypes) {
  GgufWriter writer;
  writer.add("f32", 0.1F).add("yes", true).add("text", "caf\u00e9");
  writer.add_raw("f64", GgufType::float64, number_bytes(0.25));
  writer.add("texts", std::vector<std::string>{"a", "", "bc"});
  writer.add("ints", std::vector<std::int32_t>{3, -1}).add("floats", std::vector<float>{1.5F, -2});
  const Opened metadata(writer);

  EXPECT_EQ(metadata->find_float("f32"), 0.1F);
  EXPECT_EQ(metadata->find_float("f64"), 0.25F);
  EXPECT_EQ(metadata->find_bool("yes"), true);
  EXPECT_EQ(metadata->find_string("text"), "caf\u00e9");
  EXPECT_THAT(metadata->find_strings("texts", 3).value(), ElementsAre("a", "", "bc"));
  EXPECT_THAT(metadata->find_integers("ints", 2).value(), ElementsAre(3, -1));
  EXPECT_THAT(metadata->find_floats("floats", 2).value(), ElementsAre(1.5F, -2.0F));
}

TEST(GgufMetadata, RefusesOtherTypesByName) {
  const Opened metadata(GgufWriter().add("n", 3U).add("s", "x").add("a", std::vector<float>{1}));

  EXPECT_THAT(user_error_of([&] { metadata->find_string("n"); }),
              HasSubstr("m.gguf: n: found uint32, expected a string"));
  EXPECT_THAT(user_error_of([&] { metadata->find_integer("s", 0, 9); }),
              HasSubstr("s: found string, expected an integer from 0 to 9"));
  EXPECT_THAT(user_error_of([&] { metadata->find_float("a"); }),
              HasSubstr("a: found an array of 1 float32, expected a float32"));
  EXPECT_THAT(user_error_of([&] { metadata->find_bool("n"); }), HasSubstr("expected a bool"));
  EXPECT_THAT(user_error_of([&] { metadata->find_strings("a", 9); }),
              HasSubstr("expected an array of strings"));
  EXPECT_THAT(user_error_of([&] { metadata->find_floats("n", 9); }),
              HasSubstr("expected an array of float32"));
}

TEST(GgufMetadata, RefusesValuesOutOfRange) {
  GgufWriter writer;
  writer.add("n", 3U).add("ids", std::vector<std::int32_t>{1, 2, 3});
  writer.add("nan", std::numeric_limits<float>::quiet_NaN());
  writer.add_raw("huge", GgufType::uint64, number_bytes(UINT64_MAX));
  const Opened metadata(writer);

  EXPECT_THAT(user_error_of([&] { metadata->find_integer("n", 4, 9); }),
              HasSubstr("n: found 3, expected an integer from 4 to 9"));
  EXPECT_THAT(user_error_of([&] { metadata->find_integer("huge", kMin, kMax); }),
              HasSubstr("found more than 9223372036854775807"));
  EXPECT_THAT(user_error_of([&] { metadata->find_float("nan"); }), HasSubstr("a finite number"));
  EXPECT_THAT(user_error_of([&] { metadata->find_integers("ids", 2); }),
              HasSubstr("found an array of 3 int32, expected at most 2 elements"));
}

TEST(GgufMetadata, RefusesKeysThatComeTwiceOrNotAtAll) {
  EXPECT_THAT(refusal_to_read(GgufWriter().add("k", 1U).add("k", 1U)),
              HasSubstr("k: found the key twice, expected it once"));
  EXPECT_THAT(refusal_to_read(GgufWriter().add("", 1U)), HasSubstr("found 0 bytes"));
}

TEST(GgufMetadata, RefusesTypesAndBooleansThatDoNotExist) {
  EXPECT_THAT(refusal_to_read(GgufWriter().add_raw("k", static_cast<GgufType>(13), "")),
              HasSubstr("k: found the type 13, expected one from 0 to 12"));
  EXPECT_THAT(refusal_to_read(GgufWriter().add_raw("k", GgufType::boolean, "\x02")),
              HasSubstr("k: found the bool 2, expected 0 or 1"));
  EXPECT_THAT(refusal_to_read(GgufWriter().add_array("k", GgufType::boolean, 2, {"\x01\x03", 2})),
              HasSubstr("found the bool 3"));
}

/// `depth` arrays, one in the other, the last of them empty.
std::string nested(int depth) {
  const bool last = depth == 1;
  const std::string head =
      number_bytes(static_cast<std::uint32_t>(last ? GgufType::uint8 : GgufType::array)) +
      number_bytes(std::uint64_t{last ? 0U : 1U});
  return last ? head : head + nested(depth - 1);
}

TEST(GgufMetadata, PassesArraysInArraysUpToADepth) {
  const Opened metadata(GgufWriter().add_raw("k", GgufType::array, nested(4)).add("after", 5U));

  EXPECT_EQ(metadata->find_integer("after", 0, 9), 5);
  EXPECT_THAT(user_error_of([&] { metadata->find_integers("k", 9); }), HasSubstr("integers"));
  EXPECT_THAT(refusal_to_read(GgufWriter().add_raw("k", GgufType::array, nested(5))),
              HasSubstr("nested more than 4 deep"));
}

TEST(GgufMetadata, KeepsControlCharactersOffTheTerminal) {
  EXPECT_THAT(refusal_to_read(GgufWriter().add_raw("a\x1b[2Jb", static_cast<GgufType>(99), "")),
              HasSubstr("a\\x1b[2Jb"));
}

}  // namespace
}  // namespace fidelio
