// A really trained model that others published, with the text it says: 200 greedy ids of
// stories260K, as a Llama and as two Mixtrals, on every vector target, thread count and chunking,
// unpatched and patched.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/decode.h"
#include "tests/support/external_data.h"

namespace fidelio::testing {
namespace {

class Stories : public ::testing::TestWithParam<const char*> {};

std::vector<std::int32_t> expected_ids(const std::filesystem::path& folder) {
  return nlohmann::json::parse(std::ifstream(folder / "expected_greedy_200.ids.json"))
      .get<std::vector<std::int32_t>>();
}

TEST_P(Stories, SaysThePublished200IdsOnEveryTargetPatchedOrNot) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(folder, "stories260K");
  const auto model = load_model((folder / GetParam()).string());
  const std::vector<std::int32_t> expected = expected_ids(folder);
  for (const std::string& target : kernel_targets()) {
    for (const char* patches : {"none", "all"}) {
      for (const std::size_t threads : {1UL, 2UL}) {
        // The slow one; what its threads do is BitIdentity's, as are more threads of the others.
        if (target == "ref" && threads == 1) continue;
        const Generation run = decode(*model, {1}, 200, {target, threads, patches});
        ASSERT_THAT(run.ids, ::testing::ElementsAreArray(expected))
            << target << ", " << patches << ", " << threads;
      }
    }
  }
}

TEST_P(Stories, ContinuesTheSameWayFromAPrefixFedInAnyChunks) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(folder, "stories260K");
  const auto model = load_model((folder / GetParam()).string());
  const std::vector<std::int32_t> expected = expected_ids(folder);
  std::vector<std::int32_t> prefix = {1};
  prefix.insert(prefix.end(), expected.begin(), expected.begin() + 100);
  for (const std::int64_t chunk : {1, 7, 64, 0}) {
    const Generation run = decode(*model, prefix, 100, {"", 2, "all", chunk});
    ASSERT_THAT(run.ids, ::testing::ElementsAreArray(expected.begin() + 100, expected.end()))
        << "chunk " << chunk;
  }
}

TEST_P(Stories, SaysThePublishedText) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(folder, "stories260K");
  const auto model = load_model((folder / GetParam()).string());
  std::ifstream file(folder / "expected_greedy_200.txt");
  const std::string expected{std::istreambuf_iterator<char>(file), {}};
  const Generation run = decode(*model, {1}, 200, {});
  const std::string text = model->tokenizer->decode(run.ids);
  EXPECT_EQ(text, expected);
}

INSTANTIATE_TEST_SUITE_P(Models, Stories,
                         ::testing::Values("llama-dense", "mixtral-same-experts",
                                           "mixtral-split-ffn"),
                         [](const auto& param_info) {
                           std::string name = param_info.param;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

TEST(Stories, AnotherStartSaysSomethingElse) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(folder, "stories260K");
  const auto model = load_model((folder / "llama-dense").string());
  EXPECT_NE(decode(*model, {5}, 200, {}).ids, expected_ids(folder));
}

}  // namespace
}  // namespace fidelio::testing
