// How prompts are cut: no remainder that fused kernels would be admitted to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "core/prefill_chunks.h"

namespace fidelio {
namespace {

TEST(PrefillChunks, AddUpAndLeaveNoShortRemainder) {
  for (const std::size_t chunk : {100UL, 512UL}) {
    for (std::size_t n = 33; n < 2000; ++n) {
      const std::vector<std::size_t> widths = prefill_chunks(n, chunk);
      ASSERT_EQ(std::accumulate(widths.begin(), widths.end(), std::size_t{0}), n);
      for (const std::size_t width : widths)
        ASSERT_TRUE(width > kGuardTokens && width <= chunk) << n;
    }
  }
}

TEST(PrefillChunks, AShortPromptIsOneStep) {
  EXPECT_THAT(prefill_chunks(5, 512), ::testing::ElementsAre(5));
}

TEST(PrefillChunks, ASmallChunkIsTakenAsAsked) {
  EXPECT_THAT(prefill_chunks(16, 7), ::testing::ElementsAre(7, 7, 2));
}

TEST(PrefillChunks, ARemainderOfOneIsFedToo) {
  EXPECT_THAT(prefill_chunks(513, 512), ::testing::ElementsAre(480, 33));
}

}  // namespace
}  // namespace fidelio
