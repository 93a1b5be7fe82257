// One run: where it stops, what a forced run feeds, what it records.
#include "validate/generate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/decode.h"
#include "validate/interrupt.h"

namespace fidelio::testing {
namespace {

class Generate : public ::testing::Test {
 protected:
  std::unique_ptr<const LoadedModel> model_ =
      load_model(std::string(FIDELIO_SOURCE_DIR) + "/tests/data/oracles/qwen3_moe/mlx4g64");
  KernelTable kernels_ = kernels_for();
  ThreadTeam team_{1};
  RopeTable rope_ = rope_table_for(*model_, 64);
  Arm arm_{"baseline", *model_, {}, kernels_, team_, rope_, {64, 32}};
  std::vector<std::int32_t> prompt_ = {3, 1, 4, 1, 5};
};

TEST_F(Generate, StopsAtAStopIdAndKeepsIt) {
  GenerateOptions options;
  options.max_tokens = 20;
  const Generation whole = generate(arm_.decoder(), prompt_, options);
  options.stop_ids = {whole.ids[6]};

  const Generation stopped = generate(arm_.decoder(), prompt_, options);

  EXPECT_TRUE(stopped.stopped);
  EXPECT_FALSE(whole.stopped);
  EXPECT_EQ(stopped.ids.back(), whole.ids[6]);
  EXPECT_LE(stopped.ids.size(), 7U);
}

TEST_F(Generate, ForcedWithItsOwnIdsRepeatsItself) {
  GenerateOptions options;
  options.max_tokens = 20;
  const Generation free = generate(arm_.decoder(), prompt_, options);
  options.forced = free.ids;

  const Generation forced = generate(arm_.decoder(), prompt_, options);

  EXPECT_EQ(forced.ids, free.ids);
  EXPECT_EQ(forced.logit_xxh3_128, free.logit_xxh3_128);
}

TEST_F(Generate, ForcedWithOtherIdsFeedsThem) {
  GenerateOptions options;
  options.max_tokens = 20;
  const Generation free = generate(arm_.decoder(), prompt_, options);
  std::vector<std::int32_t> other = free.ids;
  other[2] = (other[2] + 1) % 256;
  options.forced = other;
  EXPECT_NE(generate(arm_.decoder(), prompt_, options).logit_xxh3_128, free.logit_xxh3_128);
}

TEST_F(Generate, StopsBetweenStepsWhenInterrupted) {
  GenerateOptions options;
  options.max_tokens = 20;
  request_interrupt();
  EXPECT_THROW(generate(arm_.decoder(), prompt_, options), Interrupted);
  clear_interrupt();
  EXPECT_NO_THROW(generate(arm_.decoder(), prompt_, options));
}

}  // namespace
}  // namespace fidelio::testing
