// Random checkpoints as files: the same bytes for the same seed, whatever the threads and shards;
// models that load, run and stay sane; nothing left behind when writing fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <map>
#include <set>

#include "capsules/report.h"
#include "kernels/contract.h"
#include "tests/support/run_process.h"
#include "tests/support/synth_model.h"
#include "tests/support/temp_dir.h"
#include "tests/support/user_error.h"
#include "tests/support/validation.h"
#include "validate/interrupt.h"
#include "validate/synth/random_words.h"

namespace fidelio::testing {
namespace {

using synth::Format;
using synth::FormSettings;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const FormSettings kMlx{Format::mlx, {}, {}, {}};
const FormSettings kHf{Format::hf, {}, {}, {}};

/// name -> bytes of every tensor.
std::map<std::string, std::string> tensors_in(const std::filesystem::path& folder) {
  const TensorFiles files = TensorFiles::open(folder);
  std::map<std::string, std::string> tensors;
  for (const std::string& name : files.names()) {
    const std::span<const std::byte> bytes = files.find(name)->bytes;
    tensors[name] = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  return tensors;
}

TEST(Synth, TheSameSeedGivesTheSameBytesInAnyShardsByAnyThreads) {
  const TempDir dir;
  const nlohmann::json config = small_config("qwen3-30b-a3b");
  write_synth(dir / "a", config, kMlx, 5, 1);
  write_synth(dir / "b", config, kMlx, 5, 3, 50'000);
  write_synth(dir / "c", config, kMlx, 6, 1);

  EXPECT_EQ(tensors_in(dir / "a"), tensors_in(dir / "b"));
  EXPECT_GT(TensorFiles::open(dir / "b").files().size(), 2U);
  EXPECT_NE(tensors_in(dir / "a"), tensors_in(dir / "c"));
}

TEST(Synth, NoTwoTensorsShareTheirRandomWords) {
  const TempDir dir;
  write_synth(dir / "a", small_config("qwen3-30b-a3b"), kMlx);
  std::set<std::string> seen;
  for (const auto& [name, bytes] : tensors_in(dir / "a"))
    EXPECT_TRUE(seen.insert(bytes.substr(0, 64)).second) << name;
}

/// Counts which experts are chosen.
class ExpertCount : public NodeObserver {
 public:
  void after(const PlanNode& node, const StepMemory& memory) override {
    if (node.op != Op::top_k) return;
    const std::int32_t* ids = memory.integers(node.outputs[1]);
    const std::size_t n = memory.rows(node.outputs[1]) * node.outputs[1].width;
    for (std::size_t i = 0; i < n; ++i) ++counts_[node.layer][ids[i]];
  }
  /// By layer and expert.
  const std::map<int, std::map<std::int32_t, int>>& counts() const { return counts_; }

 private:
  std::map<int, std::map<std::int32_t, int>> counts_;
};

struct SanityCase {
  const char* family;
  FormSettings form;
};

void PrintTo(const SanityCase& sanity, std::ostream* out) { *out << sanity.family; }

class SynthSanity : public ::testing::TestWithParam<SanityCase> {
 protected:
  std::unique_ptr<const LoadedModel> model() const {
    write_synth(dir_ / "m", small_config(GetParam().family), GetParam().form);
    const bool is_gguf = GetParam().form.format == Format::gguf;
    return load_model((dir_ / (is_gguf ? "m/model.gguf" : "m")).string());
  }

 private:
  TempDir dir_;
};

TEST_P(SynthSanity, AThousandForcedTokensStayFiniteAndUseEveryExpert) {
  const auto model = this->model();
  const KernelTable kernels = kernels_for();
  ThreadTeam team(1, /*pin=*/false);
  constexpr std::size_t kTokens = 1000;
  constexpr std::size_t kStep = 50;
  const RopeTable rope = rope_table_for(*model, kTokens);
  Arm arm("baseline", *model, {}, kernels, team, rope, {kTokens, kStep});
  ExpertCount experts;
  arm.decoder().set_observer(&experts);
  arm.decoder().set_checked(true);

  double squares = 0;
  for (std::size_t done = 0; done < kTokens; done += kStep) {
    std::vector<std::int32_t> ids;
    for (std::size_t i = 0; i < kStep; ++i)
      ids.push_back(static_cast<std::int32_t>(synth::random_word(3, done + i) % 320));
    for (const float logit : arm.decoder().step(ids, 1)) squares += double{logit} * logit;
    EXPECT_TRUE(arm.decoder().faults().empty());
  }

  const double deviation = std::sqrt(squares / (kTokens / kStep) / 320);
  EXPECT_GT(deviation, 1.0);
  EXPECT_LT(deviation, 4.0);
  const auto n_experts = static_cast<std::size_t>(model->config().num_experts);
  for (const auto& [layer, used] : experts.counts()) {
    EXPECT_EQ(used.size(), n_experts) << "layer " << layer;
    for (const auto& [expert, n] : used) EXPECT_GT(n, 10) << "layer " << layer << " " << expert;
  }
  EXPECT_EQ(experts.counts().empty(), n_experts == 0);
}

TEST_P(SynthSanity, RunsWithThePromptOfModelsWithoutATokenizerAndIsExact) {
  const auto model = this->model();
  RunOptions options = short_options();
  options.runs = 1;
  options.max_tokens = 12;
  options.prompt_ids.clear();

  const Record record = validate_with(*model, options, parse_patch_list("all"), kernels_for());

  EXPECT_EQ(record.verdict.fidelity, "EXACT");
  EXPECT_EQ(record.prompts.front().ids.size(), 64U);
  EXPECT_THAT(text_report({record}, false), HasSubstr("prompt 0 is 64 built-in random ids"));
}

TEST(BuiltInIds, AreNotSaidOfAPromptThatSomebodyGave) {
  const TempDir dir;
  write_synth(dir / "m", small_config("qwen3-4b"), kMlx);
  const auto model = load_model((dir / "m").string());

  const Record record =
      validate_with(*model, short_options(), parse_patch_list("all"), kernels_for());

  EXPECT_THAT(text_report({record}, false), Not(HasSubstr("built-in")));
}

INSTANTIATE_TEST_SUITE_P(
    Families, SynthSanity,
    ::testing::Values(
        SanityCase{"qwen3-30b-a3b", kMlx}, SanityCase{"qwen3-30b-a3b", kHf},
        SanityCase{"olmoe-1b-7b", kMlx}, SanityCase{"olmoe-1b-7b", kHf},
        SanityCase{"mixtral-8x7b", {Format::mlx, 3, 32, {}}}, SanityCase{"mixtral-8x7b", kHf},
        SanityCase{"qwen3-4b", {Format::mlx, 16, {}, {}}}, SanityCase{"qwen3-4b", kHf},
        SanityCase{"qwen3-4b", {Format::gguf, 16, {}, {}}},
        SanityCase{"qwen3-30b-a3b", {Format::gguf, 4, {}, {}}},
        SanityCase{"lfm2-8b-a1b", {Format::gguf, 8, {}, {}}},
        SanityCase{"gpt-oss-20b", {Format::gguf, {}, {}, {}}},
        SanityCase{"qwen3-30b-a3b", {Format::mlx, {}, {}, "mxfp4"}},
        SanityCase{"lfm2-8b-a1b", kMlx}, SanityCase{"lfm2-8b-a1b", kHf},
        SanityCase{"gpt-oss-20b", kMlx}, SanityCase{"gpt-oss-20b", {Format::mlx, 4, {}, "affine"}},
        SanityCase{"gpt-oss-20b", kHf}));

/// Standard deviation of all values of a matrix, and how much of it is a common mean.
std::pair<double, double> deviation_and_mean(const WeightView& w) {
  double sum = 0;
  double squares = 0;
  for (std::size_t row = 0; row < w.rows; ++row) {
    for (std::size_t col = 0; col < w.cols; ++col) {
      const double value = contract::weight_value(w, row, col);
      sum += value;
      squares += value * value;
    }
  }
  const auto n = static_cast<double>(w.rows * w.cols);
  return {std::sqrt(squares / n), sum / n};
}

TEST(Synth, WeightsAreAsLargeAsTheyAreMeantToBeInEveryWidthOfCodes) {
  for (const int bits : {2, 3, 4, 5, 6, 8, 16}) {
    const TempDir dir;
    write_synth(dir / "m", small_config("qwen3-4b"), {Format::mlx, bits, {}, {}});
    const Checkpoint checkpoint = Checkpoint::open(dir / "m");
    const auto [deviation, mean] =
        deviation_and_mean(checkpoint.matrix("model.layers.0.mlp.up_proj", 192, 128));
    EXPECT_NEAR(deviation * std::sqrt(128.0), 1.0, 0.05) << bits;
    EXPECT_LT(std::abs(mean), 0.05 * deviation) << bits;
  }
}

/// What a failed writing left in `dir`.
std::size_t entries(const TempDir& dir) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(dir.path()),
                                                std::filesystem::directory_iterator()));
}

TEST(Synth, AnInterruptionLeavesNothing) {
  const TempDir dir;
  request_interrupt();
  EXPECT_THROW(write_synth(dir / "m", small_config("qwen3-4b"), kMlx), Interrupted);
  clear_interrupt();
  EXPECT_EQ(entries(dir), 0U);
}

TEST(Synth, AFolderThatWasThereIsKeptWhenWritingFails) {
  const TempDir dir;
  std::filesystem::create_directory(dir / "m");
  request_interrupt();
  EXPECT_THROW(write_synth(dir / "m", small_config("qwen3-4b"), kMlx), Interrupted);
  clear_interrupt();
  EXPECT_TRUE(std::filesystem::is_empty(dir / "m"));
}

TEST(Synth, AskedForMoreThanTheDiskHasItSaysTheArithmetic) {
  const TempDir dir;
  const auto files = synth::safetensors_files(
      synth::stored_model(synth::published_config("qwen3-30b-a3b"), kHf), Format::hf);

  const std::string error =
      user_error_of([&] { synth::require_space(dir / "m", files, 7'000'000'000); });

  EXPECT_THAT(error, AllOf(HasSubstr(dir.path().string()),
                           HasSubstr("found 7.00 GB free, expected 61.07 GB"),
                           HasSubstr("61.06 GB of weights + "), HasSubstr("in 15 files")));
  EXPECT_NO_THROW(synth::require_space(dir / "m", files, 70'000'000'000));
}

class SynthCommand : public ::testing::Test {
 protected:
  ProcessResult run(const std::vector<std::string>& more) const {
    std::vector<std::string> line = {FIDELIO_VALIDATE_BINARY, "synth"};
    line.insert(line.end(), more.begin(), more.end());
    return Process(line, dir_.path()).wait();
  }
  TempDir dir_;
};

TEST_F(SynthCommand, WritesAModelThatExplainsItself) {
  const ProcessResult result = run({"qwen3-4b", "m", "--layers", "1", "--bits", "2"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out,
              HasSubstr("m: qwen3-4b, 1 layers, 29 tensors, 0.153 GB in 3 files, seed 1"));
  EXPECT_EQ(result.err, "");

  const ProcessResult explained =
      Process({FIDELIO_VALIDATE_BINARY, "explain", "m", "--no-graphs"}, dir_.path()).wait();
  EXPECT_EQ(explained.exit_code, 0) << explained.err;
}

TEST_F(SynthCommand, RefusesAFolderThatIsNotEmpty) {
  dir_.write("m/config.json", "{}");
  const ProcessResult result = run({"qwen3-4b", "m", "--layers", "1"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err,
              HasSubstr("m: found a folder that is not empty, expected a new or an empty one"));
}

TEST_F(SynthCommand, AFileThatCannotGrowIsOneMessageAndLeavesNothing) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  const rlimit before = limit;
  limit.rlim_cur = 1'000'000;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  const ProcessResult result = run({"qwen3-4b", "m", "--layers", "1"});
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);

  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("model.safetensors.part: cannot reserve"));
  EXPECT_FALSE(std::filesystem::exists(dir_ / "m"));
}

}  // namespace
}  // namespace fidelio::testing
