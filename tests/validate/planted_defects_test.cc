// Kernels with planted defects on the patched side: each must be caught with the right verdict and
// exit code, and the same run with good kernels must pass.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <vector>

#include "tests/support/validation.h"

namespace fidelio::testing {
namespace {

/// The kernels that the defective ones below call before they do harm.
const KernelTable& good() {
  static const KernelTable table = kernels_for();
  return table;
}

const LoadedModel& model() {
  static const auto loaded =
      load_model(std::string(FIDELIO_SOURCE_DIR) + "/tests/data/oracles/qwen3_moe/mlx4g64");
  return *loaded;
}

Record validate_defect(const KernelTable& kernels) {
  RunOptions options = short_options();
  options.patches = "all";
  return validate_with(model(), options, parse_patch_list("all"), kernels);
}

void expect_verdict(const Record& record, const char* fidelity, int exit_code) {
  EXPECT_EQ(record.verdict.fidelity, fidelity) << record.verdict.sentence;
  EXPECT_EQ(record.verdict.exit_code, exit_code);
}

bool same_ids(const Record& record) {
  return std::all_of(record.generations.begin(), record.generations.end(),
                     [](const GenerationRecord& g) { return g.baseline.ids == g.patched.ids; });
}

TEST(GoodKernels, AreExact) { expect_verdict(validate_defect(good()), "EXACT", 0); }

TEST(GoodKernels, AreExactWithoutPatches) {
  RunOptions options = short_options();
  options.patches = "none";
  expect_verdict(validate_with(model(), options, {}, good()), "EXACT", 0);
}

TEST(GoodKernels, OfAnotherVectorTargetAreExact) {
  expect_verdict(validate_defect(kernels_for("ref")), "EXACT", 0);
}

void swap_routing_weights(const RouterTopkArgs& args, Share share) {
  good().router_topk(args, share);
  for (std::size_t t = 0; t < args.n_tokens; ++t)
    std::swap(args.values[t * args.top_k], args.values[t * args.top_k + 1]);
}

TEST(PlantedDefect, SwappedRoutingWeightsAreBroken) {
  KernelTable kernels = good();
  kernels.router_topk = swap_routing_weights;
  expect_verdict(validate_defect(kernels), "BROKEN", 1);
}

void pair_ids_with_other_weights(const RouterTopkArgs& args, Share share) {
  good().router_topk(args, share);
  for (std::size_t t = 0; t < args.n_tokens; ++t) {
    std::rotate(args.ids + t * args.top_k, args.ids + t * args.top_k + 1,
                args.ids + (t + 1) * args.top_k);
  }
}

TEST(PlantedDefect, IdsPairedWithAnotherExpertsWeightsAreBroken) {
  KernelTable kernels = good();
  kernels.router_topk = pair_ids_with_other_weights;
  expect_verdict(validate_defect(kernels), "BROKEN", 1);
}

/// The last output of each token forgets the tail of its products: one part in ten million of it.
void drop_tail(const DownCombineArgs& args, Share share) {
  good().down_combine(args, share);
  const std::size_t hidden = args.experts[0].rows;
  for (std::size_t t = 0; t < args.n_tokens; ++t) args.y[(t + 1) * hidden - 1] *= 0.9999999F;
}

TEST(PlantedDefect, ADroppedTailThatChangesNoIdIsBrokenByTheBits) {
  KernelTable kernels = good();
  kernels.down_combine = drop_tail;
  const Record record = validate_defect(kernels);
  EXPECT_TRUE(same_ids(record));
  expect_verdict(record, "BROKEN", 1);
}

void wrong_epsilon(const AddRmsNormArgs& args, Share share) {
  AddRmsNormArgs other = args;
  other.eps = 1e-5F;
  good().add_rms_norm(other, share);
}

TEST(PlantedDefect, AWrongEpsilonIsBroken) {
  KernelTable kernels = good();
  kernels.add_rms_norm = wrong_epsilon;
  expect_verdict(validate_defect(kernels), "BROKEN", 1);
}

void nan_in_one_lane(const GateUpSwigluArgs& args, Share share) {
  good().gate_up_swiglu(args, share);
  if (args.n_tokens == 1) args.y[3] = std::numeric_limits<float>::quiet_NaN();
}

TEST(PlantedDefect, NaNInOneLaneIsBrokenAndLocated) {
  KernelTable kernels = good();
  kernels.gate_up_swiglu = nan_in_one_lane;
  const Record record = validate_defect(kernels);
  expect_verdict(record, "BROKEN", 1);
  ASSERT_FALSE(record.faults.empty());
  EXPECT_EQ(record.faults[0].arm, "patched");
  EXPECT_EQ(record.faults[0].kind, "non_finite");
  EXPECT_EQ(record.faults[0].op, "gate_up_swiglu");
  EXPECT_EQ(record.faults[0].layer, 0);
}

void impossible_expert(const RouterTopkArgs& args, Share share) {
  good().router_topk(args, share);
  args.ids[0] = 1000000;
}

TEST(PlantedDefect, AnImpossibleExpertIdIsBrokenAndTakesNothingDown) {
  KernelTable kernels = good();
  kernels.router_topk = impossible_expert;
  const Record record = validate_defect(kernels);
  expect_verdict(record, "BROKEN", 1);
  ASSERT_FALSE(record.faults.empty());
  EXPECT_EQ(record.faults[0].kind, "expert_id");
}

/// Position 44 keeps what an earlier step left in its slot.
void stale_kv_slot(const KvAppendArgs& args, Share share) {
  if (args.n_tokens == 1 && args.positions[0] == 44) return;
  good().kv_append(args, share);
}

TEST(PlantedDefect, AStaleKvSlotIsBroken) {
  KernelTable kernels = good();
  kernels.kv_append = stale_kv_slot;
  expect_verdict(validate_defect(kernels), "BROKEN", 1);
}

/// The kernel "reads" its workspace before anything was written there.
void read_uninitialised_scratch(const RouterTopkArgs& args, Share share) {
  const float leftover = *reinterpret_cast<const float*>(share.workspace);
  good().router_topk(args, share);
  args.values[0] += 0.0F * leftover;
}

TEST(PlantedDefect, UninitialisedScratchIsBroken) {
  KernelTable kernels = good();
  kernels.router_topk = read_uninitialised_scratch;
  const Record record = validate_defect(kernels);
  expect_verdict(record, "BROKEN", 1);
  EXPECT_FALSE(record.faults.empty());
}

std::atomic<std::int64_t> calls{0};
std::atomic<std::int64_t> calls_before_harm{0};

void count_calls(const AddRmsNormArgs& args, Share share) {
  good().add_rms_norm(args, share);
  if (++calls > calls_before_harm) args.y[0] *= 1.001F;
}

Record validate_with_counter(std::int64_t runs, std::int64_t allowed) {
  calls = 0;
  calls_before_harm = allowed;
  KernelTable kernels = good();
  kernels.add_rms_norm = count_calls;
  RunOptions options = short_options();
  options.patches = "all";
  options.runs = runs;
  return validate_with(model(), options, parse_patch_list("all"), kernels);
}

TEST(PlantedDefect, ACallCounterIsNondeterministic) {
  constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  expect_verdict(validate_with_counter(1, kNever), "EXACT", 0);
  const std::int64_t calls_of_one_pair = calls;
  expect_verdict(validate_with_counter(3, calls_of_one_pair), "NONDETERMINISTIC", 1);
}

/// The experts' products are summed from the weakest.
void reassociated_down_combine(const DownCombineArgs& args, Share share) {
  std::vector<float> x;
  std::vector<std::int32_t> ids;
  std::vector<float> weights;
  const std::size_t inter = args.experts[0].cols;
  for (std::size_t t = 0; t < args.n_tokens; ++t) {
    for (std::size_t s = args.top_k; s-- > 0;) {
      const std::size_t pair = t * args.top_k + s;
      x.insert(x.end(), args.x + pair * inter, args.x + (pair + 1) * inter);
      ids.push_back(args.ids[pair]);
      weights.push_back(args.weights[pair]);
    }
  }
  DownCombineArgs reversed = args;
  reversed.x = x.data();
  reversed.ids = ids.data();
  reversed.weights = weights.data();
  good().down_combine(reversed, share);
}

TEST(PlantedDefect, AReassociatedKernelIsTokenExactWhereItSaysSo) {
  Patch reassociated = kDownCombine;
  reassociated.numerics = Numerics::reassociated;
  KernelTable kernels = good();
  kernels.down_combine = reassociated_down_combine;
  RunOptions options = short_options();
  options.patches = "down_combine";
  const Record record = validate_with(model(), options, {&reassociated}, kernels);
  EXPECT_TRUE(same_ids(record));
  expect_verdict(record, "TOKEN_EXACT", 0);
  for (const SiteRecord& site : record.sites) {
    EXPECT_EQ(site.patch, "down_combine");
    EXPECT_GT(site.sampled_rows, 8);
    EXPECT_GT(site.e_patched, 0);
    EXPECT_LT(site.e_patched, 1e-6);
  }
}

TEST(PlantedDefect, AReassociatedKernelIsBrokenWhereItClaimsBitExactness) {
  KernelTable kernels = good();
  kernels.down_combine = reassociated_down_combine;
  RunOptions options = short_options();
  options.patches = "down_combine";
  expect_verdict(validate_with(model(), options, {&kDownCombine}, kernels), "BROKEN", 1);
}

TEST(PlantedDefect, APatchAskedForByNameThatIsNeverCalledIsVacuous) {
  Patch never = kDownCombine;
  never.guard_range = {3, 4};  // no step has so few tokens, but for one
  RunOptions options = short_options();
  options.patches = "down_combine,add_rms_norm";
  options.widths = {1};
  const Record record = validate_with(model(), options, {&never, &kAddRmsNorm}, good());
  expect_verdict(record, "VACUOUS", 5);
}

TEST(PlantedDefect, OnlyAtStepsOfSevenTokensIsBrokenThere) {
  KernelTable kernels = good();
  kernels.gate_up_swiglu = [](const GateUpSwigluArgs& args, Share share) {
    good().gate_up_swiglu(args, share);
    if (args.n_tokens == 7) args.y[0] += 1e-3F;
  };
  const Record record = validate_defect(kernels);
  expect_verdict(record, "BROKEN", 1);
  for (const ComparisonRecord& comparison : record.comparisons) {
    EXPECT_EQ(comparison.differing_positions > 0, comparison.width == 7) << comparison.width;
  }
}

}  // namespace
}  // namespace fidelio::testing
