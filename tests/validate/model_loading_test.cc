// Whole models as they come: in shards, from the hub's cache, mapped or read; and what the capsule
// says of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "capsules/json.h"
#include "core/checksum.h"
#include "core/safetensors.h"
#include "tests/support/oracles.h"
#include "tests/support/run_process.h"
#include "tests/support/safetensors_writer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/user_error.h"
#include "validate/checksum_cache.h"
#include "validate/loaded_model.h"

namespace fidelio::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

const std::string kCommit(40, 'c');

/// The small model cut into two shards with an index, in `dir`.
void write_shards(const fs::path& dir) {
  fs::create_directories(dir);
  fs::copy_file(fs::path(kSmallMoe) / "config.json", dir / "config.json");
  const TensorFile whole = open_safetensors(fs::path(kSmallMoe) / "model.safetensors");
  const std::string names[] = {"model-00001-of-00002.safetensors",
                               "model-00002-of-00002.safetensors"};
  SafetensorsWriter shards[2];
  nlohmann::json map;
  for (std::size_t i = 0; i < whole.tensors().size(); ++i) {
    const TensorInfo& tensor = whole.tensors()[i];
    const std::vector<std::byte> bytes(tensor.bytes.begin(), tensor.bytes.end());
    shards[i % 2].add(tensor.name, tensor.dtype, tensor.shape, bytes);
    map[tensor.name] = names[i % 2];
  }
  for (std::size_t i = 0; i < 2; ++i) shards[i].write(dir / names[i]);
  std::ofstream(dir / "model.safetensors.index.json") << nlohmann::json{{"weight_map", map}};
}

class ModelLoading : public ::testing::Test {
 protected:
  ProcessResult validate(const std::vector<std::string>& arguments) const {
    std::vector<std::string> line = {"/usr/bin/env", "HF_HUB_CACHE=" + (dir_ / "hub").string(),
                                     FIDELIO_VALIDATE_BINARY};
    line.insert(line.end(), arguments.begin(), arguments.end());
    return Process(line, dir_.path()).wait();
  }
  Record record_of(const std::string& model, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> line = {
        model, "--prompt-ids", "1,2,3,4", "--ignore-eos", "--runs", "1",         "--max-tokens",
        "4",   "--widths",     "1",       "--threads",    "1",      "--capsule", "c.json"};
    line.insert(line.end(), more.begin(), more.end());
    const ProcessResult result = validate(line);
    EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
    report_ = result.out;
    return read_capsule(dir_ / "c.json");
  }

  TempDir dir_;
  mutable std::string report_;
};

TEST_F(ModelLoading, GivesTheSameLogitsFromShardsAsFromOneFile) {
  write_shards(dir_ / "sharded");
  const Record one = record_of(kSmallMoe);
  const Record two = record_of("sharded");

  EXPECT_EQ(two.generations[0].baseline.logit_xxh3_128, one.generations[0].baseline.logit_xxh3_128);
  EXPECT_EQ(one.model.weights_xxh3_128,
            xxh3_128_hex_of_file(fs::path(kSmallMoe) / "model.safetensors"));
  EXPECT_NE(two.model.weights_xxh3_128, one.model.weights_xxh3_128);
  EXPECT_EQ(
      two.model.weights_bytes,
      static_cast<std::int64_t>(fs::file_size(dir_ / "sharded/model-00001-of-00002.safetensors") +
                                fs::file_size(dir_ / "sharded/model-00002-of-00002.safetensors")));
}

TEST_F(ModelLoading, ChecksumsShardsAsTheLinesOfTheirChecksums) {
  write_shards(dir_ / "sharded");
  std::string lines;
  for (const char* name : {"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"})
    lines += xxh3_128_hex_of_file(dir_ / "sharded" / name) + "  " + name + "\n";
  const TensorFiles files = TensorFiles::open(dir_ / "sharded");

  EXPECT_EQ(weights_checksum(files, dir_ / "cache.json"),
            xxh3_128_hex(std::as_bytes(std::span(lines))));
}

TEST_F(ModelLoading, SaysOfAGgufFileWhatItSaysOfAFolder) {
  const fs::path data = fs::path(FIDELIO_SOURCE_DIR) / "tests/data/gguf";
  const Record folder = record_of((data / "qwen3_moe").string());
  const Record file = record_of((data / "qwen3_moe/qwen3_moe.gguf").string());
  const Record blocks = record_of((data / "blocks/blocks.gguf").string());

  EXPECT_EQ(file.model.id, "qwen3_moe");
  EXPECT_EQ(file.model.model_type, "qwen3_moe");
  EXPECT_EQ(file.model.quantization, "float32");
  EXPECT_EQ(file.model.weights_xxh3_128, xxh3_128_hex_of_file(data / "qwen3_moe/qwen3_moe.gguf"));
  EXPECT_EQ(file.generations[0].baseline.logit_xxh3_128,
            folder.generations[0].baseline.logit_xxh3_128);
  EXPECT_THAT(file.model.config, HasSubstr("\"num_local_experts\": 4"));
  EXPECT_THAT(blocks.model.quantization, HasSubstr("MXFP4"));
  EXPECT_EQ(blocks.model.tokenizer_xxh3_128, file.model.tokenizer_xxh3_128);
}

TEST_F(ModelLoading, SaysHowTheWeightsWereLoaded) {
  const Record mapped = record_of(kSmallMoe);
  EXPECT_EQ(mapped.load_mode, "mmap");
  EXPECT_THAT(report_, HasSubstr("ms (mmap)"));

  const Record read = record_of(kSmallMoe, {"--load", "read"});

  EXPECT_EQ(read.load_mode, "read");
  EXPECT_GT(read.load_ns, 0);
  EXPECT_THAT(report_, HasSubstr("ms (read)"));
  EXPECT_THAT(read.command_line, AllOf(Contains("--load"), Contains("read")));
  EXPECT_EQ(read.model.weights_xxh3_128, mapped.model.weights_xxh3_128);
  EXPECT_EQ(read.generations[0].baseline.logit_xxh3_128,
            mapped.generations[0].baseline.logit_xxh3_128);
}

TEST_F(ModelLoading, FindsAHubIdAndRecordsItsCommit) {
  const fs::path model = dir_ / "hub/models--org--tiny-moe";
  write_shards(model / "snapshots" / kCommit);
  fs::create_directories(model / "refs");
  std::ofstream(model / "refs/main") << kCommit;

  const Record record = record_of("org/tiny-moe@main");

  EXPECT_EQ(record.model.id, "org/tiny-moe");
  EXPECT_EQ(record.model.revision, kCommit);
  EXPECT_THAT(record.command_line, Contains("org/tiny-moe@" + kCommit));
}

TEST_F(ModelLoading, NamesTheDefaultCapsuleOfAHubIdWithoutAFolder) {
  write_shards(dir_ / "hub/models--org--tiny-moe/snapshots" / kCommit);

  const ProcessResult result = validate({"org/tiny-moe", "--prompt-ids", "1,2", "--ignore-eos",
                                         "--runs", "1", "--max-tokens", "2", "--widths", "1"});

  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("Capsule: fidelio-org-tiny-moe-"));
}

TEST_F(ModelLoading, EndsTheErrorOfAnAbsentModelWithItsDownload) {
  const ProcessResult result = validate({"explain", "org/absent"});

  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, ::testing::EndsWith("\nhf download org/absent\n"));
}

TEST_F(ModelLoading, ExplainsAModelThatWasRead) {
  const ProcessResult result = validate({"explain", kSmallMoe, "--load", "read"});

  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("applied"));
}

TEST_F(ModelLoading, RefusesAModelWithATensorThatItsGraphDoesNotUse) {
  write_shards(dir_ / "sharded");
  fs::remove(dir_ / "sharded/model.safetensors.index.json");
  SafetensorsWriter()
      .add_zeros("model.layers.0.self_attn.q_proj.bias", "F32", {4}, 4)
      .write(dir_ / "sharded/model-extra.safetensors");

  EXPECT_THAT(user_error_of([&] { load_model((dir_ / "sharded").string()); }),
              AllOf(HasSubstr("found 1 that the qwen3_moe graph does not use"),
                    HasSubstr("q_proj.bias\" in model-extra.safetensors")));
}

}  // namespace
}  // namespace fidelio::testing
