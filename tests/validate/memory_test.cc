// Models that must fit into memory: what the system and its control groups leave, what a run needs,
// and the refusal with the arithmetic.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/oracles.h"
#include "tests/support/run_process.h"
#include "tests/support/synth_model.h"
#include "tests/support/temp_dir.h"
#include "tests/support/user_error.h"
#include "tests/support/validation.h"
#include "validate/available_memory.h"
#include "validate/run_memory.h"

namespace fidelio::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* kMeminfo = "MemTotal: 9000 kB\nMemFree: 100 kB\nMemAvailable: 5000 kB\n";

TEST(AvailableMemory, IsWhatTheSystemCallsAvailable) {
  const TempDir root;
  root.write("proc/meminfo", kMeminfo);
  EXPECT_EQ(available_memory(root.path()), 5000U * 1024);
}

TEST(AvailableMemory, IsUnknownWhereTheSystemDoesNotSay) {
  const TempDir root;
  EXPECT_EQ(available_memory(root.path()), std::nullopt);
}

TEST(AvailableMemory, IsWhatAGroupLeavesItsCacheNotCounted) {
  const TempDir root;
  root.write("proc/meminfo", kMeminfo);
  root.write("proc/self/cgroup", "0::/a/b\n");
  root.write("sys/fs/cgroup/a/b/memory.max", "max\n");
  root.write("sys/fs/cgroup/a/b/memory.current", "1\n");
  root.write("sys/fs/cgroup/a/memory.max", "1000000\n");
  root.write("sys/fs/cgroup/a/memory.current", "700000\n");
  root.write("sys/fs/cgroup/a/memory.stat",
             "anon 300000\ninactive_file 250000\nactive_file 150000\n");
  EXPECT_EQ(available_memory(root.path()), 700000U);
}

TEST(AvailableMemory, KnowsTheFirstVersionOfGroupsAndTheRootOfAContainer) {
  const TempDir root;
  root.write("proc/meminfo", kMeminfo);
  root.write("proc/self/cgroup", "7:blkio:/x\n4:cpu,memory:/docker/unseen\n");
  root.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "2000000\n");
  root.write("sys/fs/cgroup/memory/memory.usage_in_bytes", "2500000\n");
  root.write("sys/fs/cgroup/memory/memory.stat", "total_inactive_file 1000000\n");
  EXPECT_EQ(available_memory(root.path()), 500000U);
}

TEST(AvailableMemory, OfAGroupThatIsFullIsNothing) {
  const TempDir root;
  root.write("proc/meminfo", kMeminfo);
  root.write("proc/self/cgroup", "0::/\n");
  root.write("sys/fs/cgroup/memory.max", "1000\n");
  root.write("sys/fs/cgroup/memory.current", "2000\n");
  EXPECT_EQ(available_memory(root.path()), 0U);
}

TEST(AvailableMemory, OfThisMachineIsKnown) { EXPECT_GT(available_memory().value_or(0), 1000000U); }

class MemoryOfRun : public ::testing::Test {
 protected:
  MemoryNeed need(const RunOptions& options, const char* patches = "all") const {
    return memory_of_run(*model_, options, parse_patch_list(patches),
                         read_prompts(*model_, options));
  }
  std::unique_ptr<const LoadedModel> model_ = load_model(kSmallMoe);
};

TEST_F(MemoryOfRun, CountsTheCachesThatTheArmsAllocate) {
  const RunOptions options = short_options();
  const KernelTable kernels = kernels_for();
  ThreadTeam team(1, /*pin=*/false);
  const ArmLimits limits = limits_for(options, read_prompts(*model_, options));
  const RopeTable rope = rope_table_for(*model_, limits.capacity);
  Arm arm("baseline", *model_, {}, kernels, team, rope, limits);

  arm.decoder().set_keep(Cache::Keep::everything);  // as an examination does
  const MemoryNeed reckoned = need(options);

  EXPECT_EQ(reckoned.caches, 2 * arm.decoder().cache().bytes());
  EXPECT_EQ(reckoned.weights, model_->checkpoint.tensors().total_bytes());
}

TEST_F(MemoryOfRun, GrowsWithTheContextTheWidestStepAndTheReferences) {
  const RunOptions options = short_options();
  RunOptions longer = options;
  longer.max_tokens *= 10;
  RunOptions wider = options;
  wider.widths = {1, 300};
  EXPECT_GT(need(longer).caches, need(options).caches);
  EXPECT_GT(need(wider).scratch, need(options).scratch);
  EXPECT_GT(need(wider).examination, need(options).examination);
  EXPECT_GT(need(options, "int8").examination, need(options).examination);
}

TEST_F(MemoryOfRun, BeyondWhatIsAvailableIsRefusedWithTheArithmetic) {
  const MemoryNeed needed{17'181'000'000, 422'000'000, 130'000'000, 860'000'000};
  EXPECT_EQ(user_error_of([&] { require_memory("m", needed, 16'000'000'000); }),
            "m: found 16.00 GB of memory available, expected 18.59 GB: 17.18 GB of weights + 0.42 "
            "GB of caches + 0.13 GB of scratch + 0.86 GB to compare sites and evaluate references; "
            "--allow-swap runs it from the disk, at the disk's speed");
  EXPECT_NO_THROW(require_memory("m", needed, needed.total()));
  EXPECT_NO_THROW(require_memory("m", needed, std::nullopt));
}

/// A model of 4.4 TB that costs no disk: its tensors are a hole in the file.
void write_huge(const TempDir& dir) {
  nlohmann::json config = small_config("qwen3-30b-a3b");
  config["hidden_size"] = 65536;
  config["vocab_size"] = 16'777'216;
  const synth::StoredModel model = synth::stored_model(config, {synth::Format::hf, {}, {}, {}});
  const auto files = synth::safetensors_files(model, synth::Format::hf, model.bytes());
  for (const synth::PlannedFile& file : files) {
    dir.write(file.name, file.head);
    std::filesystem::resize_file(dir / file.name, file.bytes);
  }
}

TEST(MemoryRefusal, IsOneMessageBeforeAnythingIsRead) {
  const TempDir dir;
  write_huge(dir);
  const auto error_of = [&](std::vector<std::string> more) {
    std::vector<std::string> line = {FIDELIO_VALIDATE_BINARY};
    line.insert(line.end(), more.begin(), more.end());
    const ProcessResult result = Process(line, dir.path()).wait();
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.out, "");
    return result.err;
  };
  EXPECT_THAT(error_of({"run", "."}), HasSubstr("GB of memory available, expected 4406."));
  EXPECT_THAT(error_of({"run", ".", "--load", "read"}), HasSubstr(": 4399.06 GB of weights;"));
  EXPECT_THAT(error_of({"bisect", "."}), HasSubstr("GB of memory available"));
  EXPECT_THAT(error_of({"logits", ".", "--prompt-ids", "1,2", "--out", "x.npy"}),
              HasSubstr("GB of memory available"));
}

TEST(MemoryRefusal, AllowSwapGoesOn) {
  const TempDir dir;
  write_huge(dir);
  const auto model = load_model(dir.path().string());
  RunOptions options = short_options();
  const std::vector<PromptRecord> prompts = read_prompts(*model, options);
  EXPECT_THROW(require_memory_for_run(*model, options, {}, prompts), UserError);
  options.allow_swap = true;
  EXPECT_NO_THROW(require_memory_for_run(*model, options, {}, prompts));
}

}  // namespace
}  // namespace fidelio::testing
