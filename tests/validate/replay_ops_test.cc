// validate ops --from-capsule and validate bisect as people type them, on a capsule made here.
#include "validate/replay_ops.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capsules/atomic_file.h"
#include "capsules/json.h"
#include "core/user_error.h"
#include "tests/support/oracles.h"
#include "tests/support/run_process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/user_error.h"
#include "tests/support/validation.h"

namespace fidelio::testing {
namespace {

using ::testing::HasSubstr;

class ReplayOps : public ::testing::Test {
 protected:
  ReplayOps() {
    const auto model = load_model(kSmallMoe);
    record_ = validate_with(*model, short_options(), parse_patch_list("all"), kernels_for());
    options_.model = kSmallMoe;
    options_.from_capsule = dir_.write("capsule.json", to_json(record_));
  }

  TempDir dir_;
  Record record_;
  OpsOptions options_;
};

TEST_F(ReplayOps, PassesOnGoodKernels) {
  const ProcessResult result =
      Process({FIDELIO_VALIDATE_BINARY, "ops", kSmallMoe, "--from-capsule", "capsule.json"},
              dir_.path())
          .wait();
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("PASS: 0 sites failed on the activations of capsule.json"));
  EXPECT_THAT(result.out, HasSubstr("down_combine"));
}

TEST_F(ReplayOps, FailsOnADefectiveKernel) {
  KernelTable kernels = kernels_for();
  kernels.silu = [](const ActivationArgs& args, Share share) {
    silu_ref(args, share);
    if (share.index == 0) args.y[0] += 1e-3F;
  };
  options_.from_capsule = dir_.write("unpatched.json", [&] {
    record_.options.patches.clear();
    record_.patches.clear();
    return to_json(record_);
  }());
  EXPECT_EQ(replay_ops(options_, kernels), 1);
  EXPECT_EQ(replay_ops(options_, kernels_for()), 0);
}

TEST_F(ReplayOps, RefusesAnotherModel) {
  options_.model = std::string(FIDELIO_SOURCE_DIR) + "/tests/data/oracles/mixtral/float32";
  EXPECT_THAT(user_error_of([&] { replay_ops(options_, kernels_for()); }),
              HasSubstr("expected the capsule's"));
}

TEST(BisectCommand, HasNothingToDoOnGoodKernels) {
  const TempDir dir;
  const ProcessResult result =
      Process({FIDELIO_VALIDATE_BINARY, "bisect", kSmallMoe, "--prompt-ids", "1,2,3",
               "--max-tokens", "4", "--widths", "1,2"},
              dir.path())
          .wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("nothing to bisect, EXACT"));
}

TEST(BisectCommand, SaysThatAnApproximationNeedsABudget) {
  const TempDir dir;
  const ProcessResult result =
      Process({FIDELIO_VALIDATE_BINARY, "bisect", kSmallMoe, "--prompt-ids", "1,2,3",
               "--max-tokens", "4", "--widths", "1,2", "--patches", "int8"},
              dir.path())
          .wait();
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_THAT(result.out, HasSubstr("failure: APPROXIMATE: no budget was given"));
}

}  // namespace
}  // namespace fidelio::testing
