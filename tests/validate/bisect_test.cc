// Bisection on kernels with planted defects: the first bad node, all of them, and the confirmation.
// The catalogue of defects (tests/catalogue) asks the same of many more.
#include "validate/bisect.h"

#include <gtest/gtest.h>

#include "tests/support/validation.h"

namespace fidelio::testing {
namespace {

const KernelTable& good() {
  static const KernelTable table = kernels_for();
  return table;
}

const LoadedModel& model() {
  static const auto loaded =
      load_model(std::string(FIDELIO_SOURCE_DIR) + "/tests/data/oracles/qwen3_moe/mlx4g64");
  return *loaded;
}

BisectResult bisect_with(const KernelTable& patched, const std::vector<const Patch*>& patches,
                         const KernelTable& baseline = good()) {
  const RunOptions options = short_options();
  const Record record =
      make_record(model(), options, patches, good().target, read_prompts(model(), options));
  Progress silent(1, false);
  return bisect(model(), options, {patches, baseline, patched}, record, silent);
}

TEST(Bisect, FindsNothingInGoodKernels) {
  const BisectResult result = bisect_with(good(), parse_patch_list("all"));

  EXPECT_FALSE(result.failed);
  EXPECT_TRUE(result.culprits.empty());
}

/// In the second layer alone.
void one_layer_wrong(const DownCombineArgs& args, Share share) {
  good().down_combine(args, share);
  const WeightView* second_layer =
      model().weights.experts("model.layers.1.mlp.experts.*.down_proj").data();
  if (args.experts == second_layer && share.index == 0) args.y[0] *= 1.0000002F;
}

TEST(Bisect, NamesTheLayerOfTheOnlyBadSite) {
  KernelTable kernels = good();
  kernels.down_combine = one_layer_wrong;

  const BisectResult result = bisect_with(kernels, parse_patch_list("all"));

  ASSERT_EQ(result.culprits.size(), 1);
  EXPECT_EQ(result.culprits[0].patch, "down_combine");
  EXPECT_EQ(result.culprits[0].op, "down_combine");
  EXPECT_EQ(result.culprits[0].layer, 1);
  EXPECT_EQ(result.culprits[0].kind, "differing bits");
  EXPECT_TRUE(result.confirmed());
}

TEST(Bisect, NamesSeveralBadSitesTheFirstInFront) {
  KernelTable kernels = good();
  kernels.down_combine = one_layer_wrong;
  kernels.gate_up_swiglu = [](const GateUpSwigluArgs& args, Share share) {
    good().gate_up_swiglu(args, share);
    if (args.n_tokens == 7) args.y[3] += 1e-3F;
  };

  const BisectResult result = bisect_with(kernels, parse_patch_list("all"));

  ASSERT_EQ(result.culprits.size(), 3);
  EXPECT_EQ(result.culprits[0].patch, "down_combine");
  EXPECT_EQ(result.culprits[0].width, 1);
  EXPECT_EQ(result.culprits[1].patch, "gate_up_swiglu");
  EXPECT_EQ(result.culprits[1].width, 7);
  EXPECT_TRUE(result.confirmed());
}

TEST(Bisect, NamesAnOpThatNoPatchTouched) {
  KernelTable kernels = good();
  kernels.attention = [](const AttentionArgs& args, Share share) {
    good().attention(args, share);
    if (args.positions[0] == 50) args.y[1] = -args.y[1];
  };

  const BisectResult result = bisect_with(kernels, parse_patch_list("all"));

  ASSERT_FALSE(result.culprits.empty());
  EXPECT_EQ(result.culprits[0].patch, "");
  EXPECT_EQ(result.culprits[0].op, "attention");
  EXPECT_EQ(result.culprits[0].layer, 0);
  EXPECT_EQ(result.culprits[0].position, 50);
  EXPECT_TRUE(result.confirmed());
}

TEST(Bisect, NamesTheFirstBadTokenOfAReassociatedSite) {
  Patch reassociated = kDownCombine;
  reassociated.numerics = Numerics::reassociated;
  static std::int32_t position = 0;
  KernelTable noting = good();  // both arms note it, since a bisection mixes their kernels
  noting.kv_append = [](const KvAppendArgs& args, Share share) {
    if (share.index == 0) position = args.positions[0];
    good().kv_append(args, share);
  };
  KernelTable kernels = noting;
  kernels.down_combine = [](const DownCombineArgs& args, Share share) {
    good().down_combine(args, share);
    if (args.n_tokens == 1 && position >= 55) args.y[5] *= 1.001F;
  };

  const BisectResult result = bisect_with(kernels, {&reassociated}, noting);

  ASSERT_FALSE(result.culprits.empty());
  EXPECT_EQ(result.culprits[0].kind, "site test");
  EXPECT_EQ(result.culprits[0].layer, 0);
  EXPECT_EQ(result.culprits[0].position, 55);
  EXPECT_TRUE(result.confirmed());
}

/// The router's projection changes the row that the experts read after it.
TEST(Bisect, NamesAKernelThatWritesOverAnothersValue) {
  KernelTable kernels = good();
  kernels.linear = [](const LinearArgs& args, Share share) {
    good().linear(args, share);
    const bool router = args.w.rows == static_cast<std::size_t>(model().config().num_experts);
    if (router && share.index == 0) const_cast<float*>(args.x)[0] += 0.25F;
  };

  const BisectResult result = bisect_with(kernels, parse_patch_list("all"));

  ASSERT_FALSE(result.culprits.empty());
  EXPECT_EQ(result.culprits[0].op, "linear");
  EXPECT_EQ(result.culprits[0].kind, "foreign writes");
  EXPECT_EQ(result.culprits[0].layer, 0);
  EXPECT_TRUE(result.confirmed());
}

}  // namespace
}  // namespace fidelio::testing
