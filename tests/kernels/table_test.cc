// The kernel tables: what this processor offers, and what is refused.
#include "kernels/table.h"

#include <gmock/gmock.h>

#include <stdexcept>

namespace fidelio {
namespace {

TEST(KernelTable, AlwaysOffersTheReferenceLast) { EXPECT_EQ(kernel_targets().back(), "ref"); }

TEST(KernelTable, EveryTargetHasItsOwnLinear) {
  for (const std::string& target : kernel_targets()) {
    EXPECT_EQ(kernels_for(target).target, target);
    EXPECT_EQ(kernels_for(target).linear == &linear_ref, target == "ref");
  }
}

TEST(KernelTable, RefusesAnUnknownTargetAndNamesTheKnownOnes) {
  try {
    kernels_for("AVX9");
    FAIL() << "accepted";
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("AVX9"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("ref"));
  }
}

}  // namespace
}  // namespace fidelio
