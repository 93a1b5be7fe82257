// Checksums against the contents that a capsule holds: an edit of either shows.
#include "capsules/checksums.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/capsules/example_record.h"

namespace fidelio::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Checksums, OfTheExampleFit) { EXPECT_EQ(checksum_mismatch(example_record()), ""); }

TEST(Checksums, AreXxh3InCanonicalOrder) {
  Record record = example_record();
  record.model.config = "";
  record.model.config_xxh3_128 = "99aa06d3014798d86001c324468d497f";  // xxHash's own, of no bytes
  EXPECT_EQ(checksum_mismatch(record), "");
}

TEST(Checksums, ShowAnEditedPrompt) {
  Record record = example_record();
  record.prompts[1].ids[0] += 1;
  EXPECT_THAT(checksum_mismatch(record), StartsWith("$.prompts[1].ids_xxh3_128: found "));
}

TEST(Checksums, ShowAnEditedConfig) {
  Record record = example_record();
  record.model.config += " ";
  EXPECT_THAT(checksum_mismatch(record), StartsWith("$.model.config_xxh3_128: found "));
}

TEST(Checksums, ShowIdsThatNoRunGenerated) {
  Record record = example_record();
  record.generations[1].patched.ids[3] += 1;
  EXPECT_THAT(checksum_mismatch(record), HasSubstr("the ids that its arm generated"));
}

TEST(Checksums, AskNothingOfRunsOnOtherTokens) {
  Record record = example_record();
  record.runs[5].ids_xxh3_128 = example_digest(99);
  EXPECT_THAT(checksum_mismatch(record), StartsWith("$.runs[5].ids_xxh3_128"));
  record.runs[5].teacher_forced = true;
  EXPECT_EQ(checksum_mismatch(record), "");
}

}  // namespace
}  // namespace fidelio::testing
