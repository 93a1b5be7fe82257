// The margins in a capsule are those of the baseline's logits, token by token.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "tests/support/decode.h"
#include "tests/support/oracles.h"
#include "tests/support/validation.h"

namespace fidelio::testing {
namespace {

TEST(Margins, AreTheBaselinesAndOfTheFreeStepsOfOneToken) {
  const auto model = load_model(kSmallMoe);
  RunOptions options = short_options();
  options.widths = {1, 2};
  const Record record =
      validate_with(*model, options, parse_patch_list("gather_matmul_int8"), kernels_for());

  std::vector<std::int32_t> ids = options.prompt_ids;
  const std::vector<std::int32_t>& generated = record.generations.at(0).baseline.ids;
  ids.insert(ids.end(), generated.begin(), generated.end() - 1);
  const std::vector<float> logits = all_logits(*model, ids, 1, {});
  const std::size_t vocab = logits.size() / ids.size();
  std::vector<float> expected;
  for (std::size_t row = options.prompt_ids.size() - 1; row < ids.size(); ++row) {
    std::vector<float> of_row(logits.begin() + static_cast<std::ptrdiff_t>(row * vocab),
                              logits.begin() + static_cast<std::ptrdiff_t>((row + 1) * vocab));
    std::sort(of_row.begin(), of_row.end(), std::greater());
    expected.push_back(of_row[0] - of_row[1]);
  }
  ASSERT_EQ(expected.size(), generated.size());
  int with_margins = 0;
  for (const ComparisonRecord& c : record.comparisons) {
    const bool free_steps_of_one = c.routing == "free" && c.width == 1;
    EXPECT_EQ(c.margins, free_steps_of_one ? expected : std::vector<float>()) << c.width;
    with_margins += free_steps_of_one ? 1 : 0;
  }
  EXPECT_EQ(with_margins, 1);
  EXPECT_GT(record.comparisons.size(), 2U) << "a routed comparison, which has none";
}

}  // namespace
}  // namespace fidelio::testing
