// The contract at the level of a model: the logits of every step are the same bits for any number
// of threads, any cut of the prompt, every vector target and the scalar specification, patched or
// not.
#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "tests/support/decode.h"
#include "tests/support/oracles.h"

namespace fidelio::testing {
namespace {

/// One hash over every vector target, thread count and cut of the prompt, patched or not.
void expect_one_hash(const std::filesystem::path& dir, std::size_t prompt_tokens, std::int64_t n,
                     const std::vector<std::size_t>& thread_counts) {
  const auto model = load_model(dir.string());
  std::vector<std::int32_t> prompt;
  for (std::size_t i = 0; i < prompt_tokens; ++i) {
    prompt.push_back(static_cast<std::int32_t>((7 + 31 * i) % 128));
  }
  std::map<std::string, int> hashes;
  for (const std::string& target : kernel_targets()) {
    for (const std::size_t threads : thread_counts) {
      for (const std::int64_t chunk : {1, 7, 0}) {
        for (const char* patches : {"none", "all"}) {
          // Every thread count and every chunking, though not their whole product: one count meets
          // all cuts, the others, which only divide the work otherwise, meet one. The slow
          // reference has its cuts on one thread, the vector targets on the largest number.
          const std::size_t all_cuts =
              target == "ref" ? thread_counts.front() : thread_counts.back();
          if (threads != all_cuts && chunk != 7) continue;
          ++hashes[decode(*model, prompt, n, {target, threads, patches, chunk}).logit_xxh3_128];
        }
      }
    }
  }
  EXPECT_EQ(hashes.size(), 1U);
  EXPECT_GE(hashes.begin()->second, 12);
}

class BitIdentity : public ::testing::TestWithParam<OracleCase> {};

TEST_P(BitIdentity, OneHashOverThreadsChunksTargetsAndPatches) {
  expect_one_hash(GetParam().dir(), 45, 4, {1, 3});
}

INSTANTIATE_TEST_SUITE_P(Families, BitIdentity, ::testing::ValuesIn(kFamilyOracles), kOracleName);
INSTANTIATE_TEST_SUITE_P(Bits, BitIdentity, ::testing::ValuesIn(kBitsOracles), kOracleName);

TEST(BitIdentity, OneHashOverAllOfTheEmbeddedModel) {
  expect_one_hash(std::filesystem::path(FIDELIO_SOURCE_DIR) / "models/kjv-moe-8m", 41, 4,
                  {1, 2, 3, 5});
}

TEST(BitIdentity, AnotherPromptHasAnotherHash) {
  const auto model = load_model((kOracles / "qwen3_moe/mlx4g64").string());
  EXPECT_NE(decode(*model, {1, 2, 3}, 4, {}).logit_xxh3_128,
            decode(*model, {1, 2, 4}, 4, {}).logit_xxh3_128);
}

TEST(BitIdentity, AllRowsOfAStepAreTheRowsOfSingleSteps) {
  const auto model = load_model((kOracles / "qwen3_moe/mlx4g64").string());
  std::vector<std::int32_t> ids;
  for (std::int32_t i = 0; i < 70; ++i) ids.push_back((11 * i + 3) % 256);
  const std::vector<float> single = all_logits(*model, ids, 1, {});
  for (const std::size_t width : {2UL, 7UL, 32UL, 33UL, 70UL}) {
    for (const char* patches : {"none", "all"}) {
      const std::vector<float> wide = all_logits(*model, ids, width, {"", 2, patches});
      ASSERT_EQ(std::memcmp(single.data(), wide.data(), single.size() * sizeof(float)), 0)
          << width << patches;
    }
  }
}

}  // namespace
}  // namespace fidelio::testing
