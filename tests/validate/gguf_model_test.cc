// GGUF files as models: those of llama.cpp's gguf package (tests/data/gguf) give the bits of the
// same model as a Hugging Face checkpoint, and the ids that llama.cpp itself decodes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/gguf/gguf_architecture.h"
#include "core/safetensors.h"
#include "tests/support/decode.h"
#include "tests/support/external_data.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/oracles.h"
#include "tests/support/safetensors_writer.h"
#include "tests/support/temp_dir.h"
#include "validate/loaded_model.h"

namespace fidelio::testing {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

const fs::path kData = fs::path(FIDELIO_SOURCE_DIR) / "tests/data/gguf";

fs::path folder_of(const std::string& name) { return kData / name; }
fs::path file_of(const std::string& name) { return kData / name / (name + ".gguf"); }

std::vector<float> logits_of(const fs::path& model) {
  return all_logits(*load_model(model.string()), oracle_prompt(), 32, {});
}

/// Whether rows of q and k are stored for rotation of neighbours: the same sums in another order.
bool is_interleaved(const std::string& name) { return name == "llama" || name == "mixtral"; }

class GgufModel : public ::testing::TestWithParam<const char*> {};

TEST_P(GgufModel, GivesTheLogitsOfItsCheckpoint) {
  const std::string name = GetParam();
  const std::vector<float> stored = logits_of(file_of(name));
  const std::vector<float> published = logits_of(folder_of(name));

  if (is_interleaved(name)) {
    EXPECT_LT(relative_error(stored, published), 1e-5);
  } else {
    EXPECT_EQ(stored, published);
  }
}

TEST_P(GgufModel, DecodesTheIdsOfLlamaCpp) {
  const json expected = json::parse(std::ifstream(kData / "llama_cpp_ids.json")).at(GetParam());
  const std::vector<std::int32_t> all = oracle_prompt();
  const std::vector<std::int32_t> prompt(all.begin(), all.begin() + 40);

  const auto model = load_model(file_of(GetParam()).string());
  const Generation generation = decode(*model, prompt, std::ssize(expected), {});

  EXPECT_EQ(generation.ids, expected.get<std::vector<std::int32_t>>());
}

INSTANTIATE_TEST_SUITE_P(All, GgufModel,
                         ::testing::Values("gpt_oss", "lfm2", "lfm2_moe", "llama", "mixtral",
                                           "olmoe", "qwen2", "qwen3", "qwen3_moe"),
                         [](const auto& instance) { return std::string(instance.param); });

/// The folder holds what the gguf package reads from the file's blocks.
TEST(GgufModelOfBlocks, GivesTheBitsOfItsDequantisedWeights) {
  const std::vector<float> blocks = logits_of(file_of("blocks"));
  const std::vector<float> floats = logits_of(folder_of("blocks"));

  EXPECT_EQ(blocks, floats);
}

TEST(GgufModelInParts, IsTheSameFromAnyPart) {
  const std::vector<float> whole = logits_of(file_of("qwen2"));

  EXPECT_EQ(logits_of(kData / "split/qwen2-00001-of-00003.gguf"), whole);
  EXPECT_EQ(logits_of(kData / "split/qwen2-00003-of-00003.gguf"), whole);
  EXPECT_EQ(logits_of(kData / "split"), whole) << "the only model of its folder";
  EXPECT_EQ(load_model((kData / "split").string())->id, "qwen2");
}

/// Rows of a matrix of `heads` heads from halves to neighbours.
std::vector<float> interleaved(std::span<const std::byte> bytes, std::int64_t heads,
                               std::int64_t rows, std::int64_t cols) {
  const auto at = [&](std::int64_t row) { return static_cast<std::size_t>(row * cols); };
  std::vector<float> from(bytes.size() / sizeof(float));
  std::memcpy(from.data(), bytes.data(), bytes.size());
  std::vector<float> to;
  const std::int64_t dim = rows / heads;
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t in_head = row % dim;
    const std::int64_t source = row - in_head + in_head / 2 + (in_head % 2) * (dim / 2);
    to.insert(to.end(), from.begin() + static_cast<std::ptrdiff_t>(at(source)),
              from.begin() + static_cast<std::ptrdiff_t>(at(source + 1)));
  }
  return to;
}

TEST(GgufModelOfMixtral, GivesTheBitsOfACheckpointWithInterleavedRows) {
  const TempDir dir;
  json config = json::parse(std::ifstream(folder_of("mixtral") / "config.json"));
  config["rope_traditional"] = true;
  dir.write("config.json", config.dump());
  const TensorFile halves = open_safetensors(folder_of("mixtral") / "model.safetensors");
  SafetensorsWriter writer;
  for (const TensorInfo& tensor : halves.tensors()) {
    const bool is_q = tensor.name.find("q_proj") != std::string::npos;
    const bool is_k = tensor.name.find("k_proj") != std::string::npos;
    if (is_q || is_k) {
      const std::int64_t heads = config[is_q ? "num_attention_heads" : "num_key_value_heads"];
      writer.add(tensor.name, "F32", tensor.shape,
                 interleaved(tensor.bytes, heads, tensor.shape[0], tensor.shape[1]));
    } else {
      writer.add(tensor.name, "F32", tensor.shape,
                 std::vector<std::byte>(tensor.bytes.begin(), tensor.bytes.end()));
    }
  }
  writer.write(dir / "model.safetensors");

  EXPECT_EQ(logits_of(file_of("mixtral")), logits_of(dir.path()));
}

/// A trained model, whose ids its author published; llama.cpp gives the same from such a file.
TEST(GgufModelOfStories, DecodesThePublishedIds) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(stories, "stories260K");
  const json expected = json::parse(std::ifstream(stories / "expected_greedy_200.ids.json"));
  const TensorFile halves = open_safetensors(stories / "llama-dense/model.safetensors");
  const GgufArchitecture& llama = *find_gguf_architecture("llama", false);
  GgufWriter writer;
  writer.add("general.architecture", "llama").add("llama.context_length", 512U);
  writer.add("llama.embedding_length", 64U).add("llama.block_count", 5U);
  writer.add("llama.feed_forward_length", 172U).add("llama.attention.head_count", 8U);
  writer.add("llama.attention.head_count_kv", 4U);
  writer.add("llama.attention.layer_norm_rms_epsilon", 1e-5F);
  for (const TensorInfo& tensor : halves.tensors()) {
    const std::int64_t heads = tensor.name.find("q_proj") != std::string::npos   ? 8
                               : tensor.name.find("k_proj") != std::string::npos ? 4
                                                                                 : 0;
    std::vector<float> values(tensor.bytes.size() / sizeof(float));
    std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
    if (heads > 0) values = interleaved(tensor.bytes, heads, tensor.shape[0], tensor.shape[1]);
    writer.floats(llama.stored_name(tensor.name).value(),
                  {tensor.shape.rbegin(), tensor.shape.rend()}, values);
  }
  const TempDir dir;

  const auto model = load_model(writer.write(dir / "stories.gguf").string());
  const Generation generation = decode(*model, {1}, std::ssize(expected), {});

  EXPECT_EQ(generation.ids, expected.get<std::vector<std::int32_t>>());
}

}  // namespace
}  // namespace fidelio::testing
