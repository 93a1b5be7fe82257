// Two capsules side by side.
#include "capsules/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/capsules/gated.h"

namespace fidelio::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

CapsuleDiff diff(const Record& a, const Record& b) {
  return diff_capsules("a.json", stored(a), "b.json", stored(b));
}

TEST(Diff, OfACapsuleWithItselfShowsNoDifference) {
  const CapsuleDiff same = diff(example_record(), example_record());
  EXPECT_TRUE(same.comparable);
  EXPECT_THAT(same.text, AllOf(HasSubstr("DIFF comparable\n"),
                               HasSubstr("prompt 1: baseline same logits, patched same logits"),
                               HasSubstr("decode: the speedup of b is 1.000x"),
                               HasSubstr("no difference shown")));
  EXPECT_THAT(same.text, AllOf(HasSubstr("\n* capsule"), Not(HasSubstr("\n* compiler"))));
}

TEST(Diff, ShowsTheShiftOfTheSpeedup) {
  const CapsuleDiff faster = diff(with_series(around(15, 1.0)), with_series(around(15, 1.1)));
  EXPECT_TRUE(faster.comparable);
  EXPECT_THAT(faster.text, AllOf(HasSubstr("decode: the speedup of b is 1.100x (1.099 to 1.101)"),
                                 HasSubstr("interval: larger"),
                                 HasSubstr("prefill: the speedup of b is 1.000")));
  EXPECT_THAT(diff(with_series(around(15, 1.1)), with_series(around(15, 1.0))).text,
              HasSubstr("interval: smaller"));
  EXPECT_THAT(diff(with_series(around(3, 1.1)), with_series(around(3, 1.0))).text,
              HasSubstr("too few pairs for an interval"));
}

TEST(Diff, ShowsPatchesAndVerdictsOfBoth) {
  Record b = rounded_record();
  b.options.patches.emplace_back("down_combine");
  b.patches.push_back({"down_combine", "bit_exact", false, 2, 9, {{"s", "reason", ""}}, {}});
  const CapsuleDiff both = diff(example_record(), b);
  EXPECT_THAT(both.text,
              AllOf(HasSubstr("* verdict  EXACT  TOKEN_EXACT"), HasSubstr("* down_combine    -"),
                    HasSubstr("bit_exact, 2 sites, 9 calls, refused: reason"),
                    HasSubstr("patched same ids, other logits")));
}

struct Change {
  const char* reason;
  void (*apply)(Record&);
  bool speed_alone;
};

const Change kChanges[] = {
    {"weights: ", [](Record& r) { r.model.weights_xxh3_128 = example_digest(5); }, false},
    {"prompts: 2 (", [](Record& r) { r.prompts[0].ids_xxh3_128 = example_digest(6); }, false},
    {"numerics version: 1 against 2", [](Record& r) { r.numerics_version = 2; }, false},
    {"max_tokens: 32 against 33", [](Record& r) { r.options.max_tokens = 33; }, false},
    {"threads: 2 against 3", [](Record& r) { r.options.threads = 3; }, true},
    {"vector target: AVX3 against AVX2", [](Record& r) { r.hardware.vector_target = "AVX2"; },
     true},
    {"processor: Example CPU", [](Record& r) { r.hardware.cores = 3; }, true},
};

TEST(Diff, SaysWhyTwoCapsulesAreNotComparable) {
  for (const Change& change : kChanges) {
    Record b = example_record();
    change.apply(b);
    const CapsuleDiff apart = diff(example_record(), b);
    EXPECT_FALSE(apart.comparable) << change.reason;
    EXPECT_THAT(apart.text, HasSubstr(std::string("not comparable: ") + change.reason));
    EXPECT_THAT(apart.text, Not(HasSubstr("the speedup of b is")));
    EXPECT_THAT(apart.text, HasSubstr(change.speed_alone ? "comparable in fidelity, not in speed"
                                                         : "DIFF not comparable"));
    EXPECT_EQ(apart.text.find("baseline same logits") != std::string::npos, change.speed_alone);
  }
}

TEST(Diff, PrintsNoControlCharacterOfACapsule) {
  Record b = example_record();
  b.model.id = b.patches[0].name = b.options.patches[0] = b.hardware.cpu_model = "x\x1b[31m\n";
  const std::string text = diff(example_record(), b).text;
  EXPECT_TRUE(std::none_of(text.begin(), text.end(), [](char c) {
    return c != '\n' && static_cast<signed char>(c) < 0x20 && static_cast<signed char>(c) >= 0;
  }));
  EXPECT_THAT(text, HasSubstr("x?[31m?"));
}

}  // namespace
}  // namespace fidelio::testing
