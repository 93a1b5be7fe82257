// Capsules as text: what is written reads back as the same, and no damaged capsule is read.
#include "capsules/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "capsules/json_fields.h"
#include "tests/capsules/capsule_error_of.h"
#include "tests/capsules/example_record.h"
#include "tests/support/temp_dir.h"

namespace fidelio {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using testing::capsule_error_of;
using testing::example_digest;
using testing::example_record;
using testing::full_record;
using ::testing::HasSubstr;
using testing::TempDir;

std::string refusal_of(const std::string& text) {
  return capsule_error_of([&] { from_json(text, "c.json"); });
}

/// The example with `value` at `pointer`.
std::string with(const std::string& pointer, const json& value) {
  json document = json::parse(to_json(full_record()));
  document[json::json_pointer(pointer)] = value;
  return document.dump();
}

std::string without(const std::string& pointer, const std::string& key) {
  json document = json::parse(to_json(full_record()));
  EXPECT_EQ(document[json::json_pointer(pointer)].erase(key), 1U) << "the test names no field";
  return document.dump();
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << "the test replaces nothing: " << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

TEST(CapsuleJson, ReadsBackWhatItWrote) {
  for (const Record& record : {Record{}, example_record(), full_record()}) {
    Record valid = record;
    if (valid.prompts.empty()) {  // a default record has no digests yet
      valid.model.weights_xxh3_128 = valid.model.config_xxh3_128 = example_digest(1);
    }
    const std::string text = to_json(valid);

    EXPECT_EQ(to_json(from_json(text, "c.json")), text);
  }
}

TEST(CapsuleJson, KeepsEveryBitOfANumber) {
  Record record = example_record();
  record.runs[0].load_average = 0.1 + 0.2;
  record.runs[1].load_average = std::numeric_limits<double>::denorm_min();
  record.runs[2].load_average = std::numeric_limits<double>::max();
  record.runs[3].decode_ns = std::numeric_limits<std::int64_t>::max();

  const Record read = from_json(to_json(record), "c.json");

  for (const std::size_t i : {0U, 1U, 2U})
    EXPECT_EQ(read.runs[i].load_average, record.runs[i].load_average);
  EXPECT_EQ(read.runs[3].decode_ns, record.runs[3].decode_ns);
}

TEST(CapsuleJson, WritesNonFiniteNumbersAsStrings) {
  Record record = example_record();
  record.comparisons[0].max_abs_err = std::nan("");
  record.comparisons[1].max_abs_err = std::numeric_limits<double>::infinity();
  record.comparisons[2].max_abs_err = -std::numeric_limits<double>::infinity();
  std::string text = to_json(record);

  EXPECT_THAT(text, HasSubstr("\"max_abs_err\": \"NaN\""));
  EXPECT_THAT(text, HasSubstr("\"max_abs_err\": \"Infinity\""));
  text = replaced(text, "\"-Infinity\"", "0.0");  // an error of less than zero is not read
  const Record read = from_json(text, "c.json");
  EXPECT_TRUE(std::isnan(read.comparisons[0].max_abs_err));
  EXPECT_TRUE(std::isinf(read.comparisons[1].max_abs_err));
}

TEST(CapsuleJson, KeepsTheModelsConfigByteForByte) {
  Record record = example_record();
  record.model.config = "{\"a\" :  1e-06,\r\n\t\"b\": \"\\u00e9 \xC3\xA9\"}\n";

  EXPECT_EQ(from_json(to_json(record), "c.json").model.config, record.model.config);
}

TEST(CapsuleJson, WritesACommandLineThatIsNotUtf8) {
  Record record = example_record();
  record.command_line = {"validate", "caf\xE9"};

  EXPECT_EQ(from_json(to_json(record), "c.json").command_line[1], "caf\xEF\xBF\xBD");
}

TEST(CapsuleJson, WritesTokenIdsOnOneLine) {
  EXPECT_THAT(to_json(example_record()), HasSubstr("\n      \"ids\": [1, 20, 300, 4, 511],\n"));
}

TEST(CapsuleJson, RefusesTextThatIsNoCapsule) {
  const std::string good = to_json(example_record());

  EXPECT_THAT(refusal_of(""), HasSubstr("c.json: found text that is not JSON"));
  EXPECT_THAT(refusal_of("\x1b[2J"), Not(HasSubstr("\x1b")));
  EXPECT_THAT(refusal_of(good + "{}"), HasSubstr("not JSON"));
  EXPECT_THAT(refusal_of("[1]"), HasSubstr("$: found an array, expected an object"));
  EXPECT_THAT(refusal_of("{}"), HasSubstr("$.schema_version: found no such field"));
  EXPECT_THAT(refusal_of(std::string(100'000, '[')), HasSubstr("expected at most 32 levels"));
  EXPECT_THAT(refusal_of(replaced(good, "tiny-moe", "\xff")), HasSubstr("not JSON"));
  EXPECT_THAT(refusal_of(replaced(good, "1.25", "1e999")), HasSubstr("not JSON"));
  EXPECT_THAT(refusal_of(replaced(good, "1.25", "NaN")), HasSubstr("not JSON"));
  EXPECT_THAT(refusal_of(replaced(good, "\"runs\": 15", "\"runs\": 15, \"runs\": 16")),
              HasSubstr("found the key \"runs\" twice"));
}

TEST(CapsuleJson, RefusesAMissingOrUnknownField) {
  EXPECT_THAT(refusal_of(without("/runs/3", "decode_ns")),
              HasSubstr("c.json: $.runs[3].decode_ns: found no such field, expected an integer"));
  EXPECT_THAT(refusal_of(without("", "noise_floor")),
              HasSubstr("$.noise_floor: found no such field, expected an object or null"));
  EXPECT_THAT(refusal_of(with("/hardware/hostname", "box")),
              HasSubstr("$.hardware: found the unknown field \"hostname\", expected architecture"));
}

struct BadValue {
  const char* pointer;
  json value;
  const char* message;
};

const std::uint64_t kTooLarge = std::uint64_t{1} << 63;
const BadValue kBadValues[] = {
    {"/runs/3/decode_ns", -5, "$.runs[3].decode_ns: found -5, expected an integer of 0 or more"},
    {"/runs/3/decode_ns", 1.5, "$.runs[3].decode_ns: found 1.5, expected an integer"},
    {"/runs/3/decode_ns", "9", "found \"9\", expected an integer"},
    {"/runs/3/decode_ns", nullptr, "found null, expected an integer"},
    {"/runs/3/decode_ns", kTooLarge, "found 9223372036854775808, expected an integer"},
    {"/runs/3/pair", -2, "$.runs[3].pair: found -2, expected an integer of -1 or more"},
    {"/runs/3/arm", "both", "found \"both\", expected one of \"baseline\", \"patched\""},
    {"/runs/3/arm", "", "found \"\", expected one of"},
    {"/runs/3/teacher_forced", 1, "found 1, expected true or false"},
    {"/runs/3/ids_xxh3_128", "ab", "found \"ab\", expected 32 lower-case hex digits or \"\""},
    {"/runs/3/load_average", -0.5, "found -0.5, expected a number of 0 or more"},
    {"/runs/3/load_average", "-Infinity", "found \"-Infinity\", expected a number"},
    {"/runs/3/load_average", "inf", "found \"inf\", expected a number"},
    {"/runs/3", json::array(), "$.runs[3]: found an array, expected an object"},
    {"/runs", json::object(), "$.runs: found an object, expected an array"},
    {"/runs/3/prompt", 2, "$.runs[3].prompt: found 2, expected an index into the 2 prompts"},
    {"/runs/3/order", 2, "$.runs[3].order: found 2, expected an integer above 2"},
    {"/runs/3/arm", "baseline", "$.runs[3].pair: found 0, expected one baseline run of prompt 0"},
    {"/model/weights_xxh3_128", "", "found \"\", expected 32 lower-case hex digits"},
    {"/model/weights_xxh3_128", std::string(32, 'A'), "expected 32 lower-case hex digits"},
    {"/model/tokenizer_xxh3_128", "", "expected 32 lower-case hex digits or null"},
    {"/model/config", json::object(), "$.model.config: found an object, expected a string"},
    {"/model/vocab_size", -1, "found -1, expected an integer of 0 or more"},
    {"/prompts/0/ids/2", -1, "$.prompts[0].ids[2]: found -1, expected an integer from 0 to"},
    {"/prompts/0/ids/2", 2147483648, "found 2147483648, expected an integer from 0 to 2147483647"},
    {"/generations/1/patched/stop", "length", "$.generations[1].patched.stop: found \"length\""},
    {"/generations/1/prompt", 9, "$.generations[1].prompt: found 9"},
    {"/patches/0/numerics", "exact", "found \"exact\", expected one of \"bit_exact\", \"reass"},
    {"/patches/0/calls", -1, "$.patches[0].calls: found -1"},
    {"/patches/0/refusals/0/reason", 4, "$.patches[0].refusals[0].reason: found 4"},
    {"/comparisons/1/prompt", 2, "$.comparisons[1].prompt: found 2"},
    {"/comparisons/1/differing_positions", 99, "expected at most the 32 positions compared"},
    {"/comparisons/1/argmax_changes", 99, "expected at most the 32 positions compared"},
    {"/comparisons/1/first_change/position", 32,
     "$.comparisons[1].first_change.position: found 32"},
    {"/comparisons/1/widest_change/position", 32, "expected an index into the 32 positions"},
    {"/comparisons/1/argmax_changes", 0, "first_change.position: found 6, expected null where no"},
    {"/comparisons/1/route_flips", 1, "found 1, expected 0 where each arm chooses its experts"},
    {"/comparisons/1/first_difference", "x", "found \"x\", expected an integer of 0 or more or"},
    {"/comparisons/1/max_abs_err", nullptr, "found null, expected a number"},
    {"/faults/0/kind", "odd", "$.faults[0].kind: found \"odd\", expected one of \"non_finite\""},
    {"/faults/0/layer", -2, "found -2, expected an integer of -1 or more"},
    {"/faults/0/prompt", 2, "$.faults[0].prompt: found 2"},
    {"/evidence/0/distinct_4grams", 1.5, "found 1.5, expected a number from 0 to 1"},
    {"/evidence/0/distinct_4grams", "Infinity", "found \"Infinity\", expected a number from 0"},
    {"/evidence/1/prompt", 2, "$.evidence[1].prompt: found 2"},
    {"/noise_floor/decode", "x", "$.noise_floor.decode: found \"x\", expected a number of 0 or"},
    {"/noise_floor", 3, "$.noise_floor: found 3, expected an object or null"},
    {"/bandwidth/0/after_order", -2, "$.bandwidth[0].after_order: found -2"},
    {"/hardware/isa/1", 7, "$.hardware.isa[1]: found 7, expected a string"},
    {"/options/widths/0", -1, "$.options.widths[0]: found -1, expected an integer of 0 or more"},
    {"/options/lengths/1", 16, "$.options.lengths[1]: found 16, expected an integer above 16"},
    {"/options/budget/same_top_p", 2.0, "$.options.budget.same_top_p: found 2.0, expected a num"},
    {"/comparisons/0/margins", json::array({0.5}), "found 1, expected none or as many as the 32 p"},
    {"/comparisons/0/margins/3", -0.5,
     "$.comparisons[0].margins[3]: found -0.5, expected a number o"},
    {"/route_flips/0/prompt", 2, "$.route_flips[0].prompt: found 2, expected an index into the 2"},
    {"/route_flips/0/prompt", 1, "found 2, expected that of a routed comparison of prompt 1"},
    {"/route_flips/0/width", 5, "$.route_flips[0].width: found 5, expected that of a routed"},
    {"/route_flips/0/width", 0, "$.route_flips[0].width: found 0, expected an integer of 1 or m"},
    {"/route_flips/0/count", 37,
     "found 37, expected at most the 32 positions compared and the 4 b"},
    {"/route_flips/0/position", -5, "found -5, expected at least -4, prompt 0's first token"},
    {"/route_flips/0/position", 32, "found 32, expected an index into the 32 positions compared"},
    {"/route_flips/0/gap", -1e-9, "$.route_flips[0].gap: found -1e-09, expected a number of 0 or"},
    {"/references/0/prompt", 2, "$.references[0].prompt: found 2"},
    {"/sites/1/differing_rows", 129, "$.sites[1].differing_rows: found 129, expected at most the"},
    {"/sites/1/wrong_expert_rows", 129, "found 129, expected at most the 128 rows compared"},
    {"/sites/1/sampled_rows", 129, "found 129, expected at most the 128 rows compared"},
    {"/sites/1/e_naive", -1e-9, "$.sites[1].e_naive: found -1e-09, expected a number of 0 or more"},
    {"/sites/1/numerics", "bit_exact", "$.sites[1].numerics: found \"bit_exact\", expected \"rea"},
    {"/sites/1/patch", "", "expected \"bit_exact\" as of a node without a listed patch"},
    {"/sites/1/first_difference/prompt", 2, "$.sites[1].first_difference.prompt: found 2"},
    {"/sites/1/worst/prompt", 2, "$.sites[1].worst.prompt: found 2, expected an index into the 2"},
    {"/complete", "yes", "$.complete: found \"yes\", expected true or false"},
};

TEST(CapsuleJson, RefusesBadValues) {
  for (const BadValue& bad : kBadValues)
    EXPECT_THAT(refusal_of(with(bad.pointer, bad.value)),
                AllOf(HasSubstr("c.json: $."), HasSubstr(bad.message)));
}

TEST(CapsuleJson, ShortensWhatItFoundAndKeepsItOnOneLine) {
  const std::string error = refusal_of(with("/runs/3/arm", "\x1b[2J\n" + std::string(1000, 'x')));

  EXPECT_LT(error.size(), 300U);
  EXPECT_THAT(error, AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("\n"))));
}

TEST(CapsuleJson, ReadsNoTruncatedCapsule) {
  const std::string text = to_json(full_record());

  for (std::size_t size = 0; size + 2 <= text.size(); size += 97)
    EXPECT_THROW(from_json(text.substr(0, size), "c.json"), CapsuleError) << size;
}

TEST(CapsuleJson, SurvivesDamagedBytes) {
  const std::string text = to_json(full_record());

  for (std::size_t at = 0; at < text.size(); at += 53) {
    std::string damaged = text;
    damaged[at] = static_cast<char>(damaged[at] ^ static_cast<char>(1U << (at % 8)));
    try {
      from_json(damaged, "c.json");
    } catch (const CapsuleError&) {
      continue;  // a CapsuleError or a capsule with another value; nothing else
    }
  }
}

TEST(ReadCapsule, ReadsAFileAndNamesItInErrors) {
  const TempDir dir;
  const auto good = dir.write("good.json", to_json(example_record()));
  const auto bad = dir.write("bad.json", "{");

  EXPECT_EQ(to_json(read_capsule(good)), to_json(example_record()));
  EXPECT_THROW(
      {
        try {
          read_capsule(bad);
        } catch (const CapsuleError& error) {
          EXPECT_THAT(error.what(), HasSubstr(bad.string() + ": found text that is not JSON"));
          throw;
        }
      },
      CapsuleError);
}

TEST(ReadCapsule, RefusesWhatIsNoFileOrTooLarge) {
  const TempDir dir;
  const auto large = dir.write("large.json", "{");
  std::filesystem::resize_file(large, kMaxCapsuleBytes + 1);  // sparse

  EXPECT_THROW(read_capsule(large), CapsuleError);
  EXPECT_THROW(read_capsule(dir / "none.json"), CapsuleError);
  EXPECT_THROW(read_capsule(dir.path()), CapsuleError);
  EXPECT_THROW(read_capsule("/dev/zero"), CapsuleError);
}

}  // namespace
}  // namespace fidelio
