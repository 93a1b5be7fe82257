// One well-formed file, and every way a header can lie about it.
#include "core/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "tests/support/safetensors_writer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/user_error.h"

namespace fidelio {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::safetensors_bytes;
using testing::SafetensorsWriter;
using testing::TempDir;
using testing::user_error_of;

/// The error of a file with these bytes; it must name the file.
std::string error_for_bytes(const std::string& bytes) {
  const TempDir dir;
  const auto file = dir.write("bad.safetensors", bytes);
  const std::string message = user_error_of([&] { open_safetensors(file); });
  EXPECT_THAT(message, HasSubstr(file.string()));
  return message;
}

std::string error_for(const std::string& header, std::size_t data_bytes = 16) {
  return error_for_bytes(safetensors_bytes(header, std::string(data_bytes, '\0')));
}

/// The error of a file with the single tensor "w"; it must name it.
std::string error_for_tensor(const std::string& entry, std::size_t data_bytes = 16) {
  const std::string message = error_for(R"({"w":)" + entry + "}", data_bytes);
  EXPECT_THAT(message, HasSubstr("tensor \"w\""));
  return message;
}

void expect_opens(const std::string& bytes) {
  const TempDir dir;
  EXPECT_NO_THROW(open_safetensors(dir.write("good.safetensors", bytes)));
}

constexpr const char* kGood = R"({"dtype":"F32","shape":[2,2],"data_offsets":[0,16]})";

TEST(Safetensors, GivesTensorsInTheOrderOfTheirData) {
  const TempDir dir;
  SafetensorsWriter()
      .add("z.weight", "F32", {2}, std::vector<float>{1.0F, -2.0F})
      .add("a.weight", "U8", {1, 3}, std::vector<std::uint8_t>{7, 8, 9})
      .write(dir / "m.safetensors");

  const TensorFile file = open_safetensors(dir / "m.safetensors");

  ASSERT_EQ(file.tensors().size(), 2U);
  EXPECT_EQ(file.tensors()[0].name, "z.weight");
  const TensorInfo* a = file.find("a.weight");
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->dtype, "U8");
  EXPECT_THAT(a->shape, ElementsAre(1, 3));
  EXPECT_THAT(a->bytes, ElementsAre(std::byte{7}, std::byte{8}, std::byte{9}));
  EXPECT_EQ(file.find("b.weight"), nullptr);
}

TEST(Safetensors, KeepsTensorsValidWhenMoved) {
  const TempDir dir;
  SafetensorsWriter().add_zeros("w", "F32", {4}, 4).write(dir / "m.safetensors");
  TensorFile file = open_safetensors(dir / "m.safetensors");
  const TensorInfo* before = file.find("w");

  const TensorFile moved = std::move(file);

  EXPECT_EQ(moved.find("w"), before);
  EXPECT_EQ(moved.file_bytes(), moved.mapping().size());
  EXPECT_EQ(before->bytes.data() + 16, moved.mapping().data() + moved.file_bytes());
}

TEST(Safetensors, AllowsWhatTheFormatAllows) {
  expect_opens(safetensors_bytes("{}", ""));
  expect_opens(safetensors_bytes(R"({"__metadata__":{"format":"pt"}}   )", ""));
  expect_opens(
      SafetensorsWriter().add_zeros("scalar", "F64", {}, 8).add_zeros("w", "F32", {1}, 4).bytes());
  expect_opens(SafetensorsWriter()
                   .add_zeros("empty", "F32", {0, 3}, 4)
                   .add_zeros("w", "F32", {1}, 4)
                   .bytes());
  expect_opens(safetensors_bytes(R"({"w":)" + std::string(kGood) + "}", std::string(16, '\0')));
}

TEST(Safetensors, RefusesAFileShorterThanItsLengthField) {
  EXPECT_THAT(error_for_bytes("abc"),
              AllOf(HasSubstr("found 3 bytes"), HasSubstr("expected at least 8")));
  EXPECT_THAT(error_for_bytes(""), HasSubstr("found 0 bytes"));
}

TEST(Safetensors, RefusesAHeaderLongerThanTheFile) {
  const std::string good = SafetensorsWriter().add_zeros("w", "F32", {4}, 4).bytes();

  EXPECT_THAT(error_for_bytes(good.substr(0, 20)),
              AllOf(HasSubstr("header length"), HasSubstr("at most the 12 bytes")));
  EXPECT_THAT(error_for_bytes(std::string(8, '\xff') + "{}"),
              HasSubstr("found 18446744073709551615 bytes"));
}

TEST(Safetensors, RefusesATruncatedFileAtEveryLength) {
  const std::string good = SafetensorsWriter().add_zeros("w", "F32", {4}, 4).bytes();
  const std::size_t header_end = good.size() - 16;

  expect_opens(good);
  for (std::size_t length = 0; length < good.size(); ++length) {
    const char* reason = length < 8            ? "file size"
                         : length < header_end ? "header length"
                                               : "data_offsets";
    EXPECT_THAT(error_for_bytes(good.substr(0, length)), HasSubstr(reason)) << length;
  }
}

TEST(Safetensors, RefusesAHeaderThatIsNoJsonObject) {
  EXPECT_THAT(error_for("not json"), HasSubstr("header: found text that is not JSON"));
  EXPECT_THAT(error_for("[1]"), HasSubstr("header: found JSON array, expected an object"));
  EXPECT_THAT(error_for("", 0), HasSubstr("header: found text that is not JSON"));
  EXPECT_THAT(error_for(" {}", 0), HasSubstr("expected '{' as its first byte"));
}

TEST(Safetensors, RefusesDeepNesting) {
  EXPECT_THAT(error_for(R"({"w":)" + std::string(100'000, '[')), HasSubstr("nesting deeper than"));
}

TEST(Safetensors, RefusesDuplicateNames) {
  EXPECT_THAT(error_for(R"({"w":)" + std::string(kGood) + R"(,"w":)" + kGood + "}"),
              HasSubstr("found the key \"w\" twice, expected it once"));
}

TEST(Safetensors, RefusesMetadataThatIsNoTextMap) {
  EXPECT_THAT(error_for(R"({"__metadata__":{"n":1}})", 0),
              HasSubstr("__metadata__.n: found 1, expected a string"));
  EXPECT_THAT(error_for(R"({"__metadata__":[]})", 0),
              HasSubstr("__metadata__: found [], expected an object"));
}

TEST(Safetensors, RefusesAnEntryWithMissingOrMistypedKeys) {
  EXPECT_THAT(error_for_tensor("[]"), HasSubstr("found [], expected an object"));
  EXPECT_THAT(error_for_tensor(R"({"shape":[4],"data_offsets":[0,16]})"),
              HasSubstr("dtype: found nothing"));
  EXPECT_THAT(error_for_tensor(R"({"dtype":"F32","data_offsets":[0,16]})"),
              HasSubstr("shape: found nothing"));
  EXPECT_THAT(error_for_tensor(R"({"dtype":"F32","shape":[4]})"),
              HasSubstr("data_offsets: found nothing"));
  EXPECT_THAT(error_for_tensor(R"({"dtype":"F32","shape":4,"data_offsets":[0,16]})"),
              HasSubstr("shape: found 4, expected an array"));
  EXPECT_THAT(error_for_tensor(R"({"dtype":"F32","shape":[4],"data_offsets":[0,16,32]})"),
              HasSubstr("data_offsets: found [0,16,32], expected two numbers"));
}

TEST(Safetensors, RefusesNumbersThatAreNoNaturalNumbers) {
  EXPECT_THAT(error_for_tensor(R"({"dtype":"F32","shape":[-4],"data_offsets":[0,16]})"),
              HasSubstr("shape: found -4, expected an array of integers from 0"));
  EXPECT_THAT(error_for_tensor(R"({"dtype":"F32","shape":[4.0],"data_offsets":[0,16]})"),
              HasSubstr("found 4.0"));
  EXPECT_THAT(
      error_for_tensor(R"({"dtype":"F32","shape":[4],"data_offsets":[0,9223372036854775808]})"),
      HasSubstr("data_offsets: found 9223372036854775808"));
}

TEST(Safetensors, RefusesAnUnknownDtypeAndListsTheKnown) {
  EXPECT_THAT(error_for_tensor(R"({"dtype":"F33","shape":[4],"data_offsets":[0,16]})"),
              AllOf(HasSubstr("dtype: found \"F33\", expected one of BOOL"), HasSubstr("BF16")));
  EXPECT_THAT(error_for_tensor(R"({"dtype":7,"shape":[4],"data_offsets":[0,16]})"),
              HasSubstr("dtype: found 7"));
}

TEST(Safetensors, RefusesOffsetsOutsideTheData) {
  EXPECT_THAT(error_for_tensor(R"({"dtype":"F32","shape":[5],"data_offsets":[0,20]})"),
              HasSubstr("data_offsets: found [0,20], expected an end within the 16 bytes of data"));
}

TEST(Safetensors, RefusesReversedOffsets) {
  EXPECT_THAT(error_for_tensor(R"({"dtype":"F32","shape":[4],"data_offsets":[16,0]})"),
              HasSubstr("data_offsets: found [16,0], expected begin <= end"));
}

TEST(Safetensors, RefusesAShapeWhoseProductOverflows) {
  EXPECT_THAT(
      error_for_tensor(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,16]})"),
      HasSubstr("shape: found [4294967296, 4294967296], expected a product that fits in 64 bits"));
}

TEST(Safetensors, RefusesBytesThatDoNotFitTheShape) {
  EXPECT_THAT(error_for_tensor(R"({"dtype":"F32","shape":[3],"data_offsets":[0,16]})"),
              HasSubstr("found 16 bytes, expected 12 bytes for F32 [3]"));
  EXPECT_THAT(error_for_tensor(R"({"dtype":"BF16","shape":[2,2],"data_offsets":[0,16]})"),
              HasSubstr("found 16 bytes, expected 8 bytes for BF16 [2, 2]"));
}

TEST(Safetensors, RefusesPartsOfAByte) {
  EXPECT_THAT(error_for_tensor(R"({"dtype":"F4","shape":[3],"data_offsets":[0,2]})", 2),
              HasSubstr("shape: found [3], expected a whole number of bytes"));
}

TEST(Safetensors, RefusesOverlap) {
  const std::string message =
      error_for(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                R"("b":{"dtype":"F32","shape":[3],"data_offsets":[4,16]}})");

  EXPECT_THAT(
      message,
      HasSubstr(
          R"(tensor "b": data_offsets: found begin 4, an overlap with "a", expected begin 8)"));
}

TEST(Safetensors, RefusesHoles) {
  const std::string message =
      error_for(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                R"("b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}})");

  EXPECT_THAT(
      message,
      HasSubstr(R"(tensor "b": data_offsets: found begin 8, a hole after "a", expected begin 4)"));
  EXPECT_THAT(error_for_tensor(kGood, 20), HasSubstr("found 4 bytes, expected none"));
}

TEST(Safetensors, EscapesHostileNamesInMessages) {
  EXPECT_THAT(error_for("{\"\\u001b[2J\":[]}"), HasSubstr("tensor \"\\x1b[2J\""));
}

}  // namespace
}  // namespace fidelio
