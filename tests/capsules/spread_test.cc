// What the report says beside timings that spread, from a record alone.
#include "capsules/spread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/capsules/example_record.h"

namespace fidelio::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> decode_lines(const Record& record) {
  return spread_lines(record, Phase::decode, judge_timing(record, Phase::decode));
}

/// The example with every other pair's patched decode a fifth off, so that nothing is decided.
Record unsteady_record() {
  Record record = example_record();
  for (RunRecord& run : record.runs)
    if (run.arm == "patched" && run.pair % 2 == 0) run.decode_ns += run.decode_ns / 5;
  return record;
}

RunRecord& run_of(Record& record, std::int64_t pair, const char* arm) {
  for (RunRecord& run : record.runs)
    if (run.pair == pair && run.arm == arm) return run;
  throw std::logic_error("no such run");
}

TEST(Spread, IsNoTopicWhereTheIntervalIsNarrow) {
  EXPECT_THAT(decode_lines(example_record()), IsEmpty());
}

TEST(Spread, NamesTheFarthestRunAndWhatStoodBesideIt) {
  Record record = unsteady_record();
  RunRecord& slow = run_of(record, 3, "patched");
  slow.decode_ns *= 4;
  slow.steal_ticks = 41;
  slow.involuntary_switches = 77;
  slow.voluntary_switches = 1234;
  slow.cpu_mhz = 1800;
  slow.load_average = 9.5;

  const std::vector<std::string> lines = decode_lines(record);

  ASSERT_EQ(lines.size(), 3U);
  EXPECT_THAT(lines[0],
              AllOf(HasSubstr("decode: pair 4 patched of prompt 0, "),
                    HasSubstr("% slower than its arm's median"), HasSubstr("41 ticks stolen ("),
                    HasSubstr("77 involuntary"), HasSubstr("1234 voluntary"), HasSubstr("1800 MHz"),
                    HasSubstr("load 9.50 (")));
}

TEST(Spread, NamesTheProcessWhereThereAreSeveral) {
  Record record = unsteady_record();
  record.launches = {{"measure", "", 0}, {"measure", "", 0}};
  RunRecord& fast = run_of(record, 5, "baseline");
  fast.decode_ns /= 4;
  fast.launch = 1;

  EXPECT_THAT(decode_lines(record).at(0),
              AllOf(HasSubstr("pair 6 baseline of prompt 0 in process 2, "), HasSubstr("faster")));
}

TEST(Spread, SaysNothingOfRunsThatWereNotTimed) {
  Record record = unsteady_record();
  for (RunRecord& run : record.runs) run.decode_ns = 0;
  EXPECT_THAT(decode_lines(record), IsEmpty());
}

TEST(NoiseFloorText, SaysWhereItIsFrom) {
  Record record = example_record();
  record.noise_floor = NoiseFloorRecord{0.012, 0.03, "small-moe", 20, 15, "2026-01-02T03:04:05Z"};
  EXPECT_EQ(noise_floor_text(record),
            "noise floor 1.2% decode, 3.0% prefill from 20 series of 15 pairs of small-moe, "
            "2026-01-02");
  record.noise_floor.reset();
  EXPECT_EQ(noise_floor_text(record), "");
}

}  // namespace
}  // namespace fidelio::testing
