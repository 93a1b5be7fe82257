// The tensors of published models: for every config of a supported family, what the reference
// implementation saves (tests/data/make_tensor_tables.py) is exactly what our loader asks for, no
// tensor more or less. The checkpoints are headers over sparse files, so a model's size costs no
// disk.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/external_data.h"
#include "tests/support/temp_dir.h"
#include "tests/support/user_error.h"
#include "validate/loaded_model.h"

namespace fidelio::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

const std::filesystem::path kTables =
    std::filesystem::path(FIDELIO_SOURCE_DIR) / "tests/data/tensor_tables";

std::uint64_t element_bytes(const std::string& dtype) {
  if (dtype == "U8") return 1;
  return dtype == "U32" || dtype == "F32" ? 4 : 2;
}

/// The layers of a table, whose names are model.layers.N.*.
std::int64_t layers_of(const json& table) {
  const std::string prefix = "model.layers.";
  std::int64_t n = 0;
  for (const auto& [name, tensor] : table.items()) {
    if (name.starts_with(prefix))
      n = std::max<std::int64_t>(n, std::stoll(name.substr(prefix.size())) + 1);
  }
  return n;
}

/// Writes the tensors of `table` (name -> [dtype, shape]), every value zero and none on disk.
void write_sparse(const std::filesystem::path& file, const json& table) {
  json header;
  std::uint64_t end = 0;
  for (const auto& [name, tensor] : table.items()) {
    std::uint64_t bytes = element_bytes(tensor[0]);
    for (const std::uint64_t dimension : tensor[1]) bytes *= dimension;
    header[name] = {
        {"dtype", tensor[0]}, {"shape", tensor[1]}, {"data_offsets", {end, end + bytes}}};
    end += bytes;
  }
  const std::string text = header.dump();
  const std::uint64_t length = text.size();
  std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(&length), 8) << text;
  std::filesystem::resize_file(file, 8 + length + end);
}

/// The published config cut to `layers`, and the tensors of `table`.
void write_model(const TempDir& dir, const std::filesystem::path& config_file, const json& table,
                 std::int64_t layers) {
  json config = json::parse(std::ifstream(config_file));
  config["num_hidden_layers"] = layers;
  if (config.contains("layer_types")) {
    auto& types = config["layer_types"];
    types.erase(types.begin() + layers, types.end());
  }
  dir.write("config.json", config.dump());
  write_sparse(dir / "model.safetensors", table);
}

class TensorTable : public ::testing::TestWithParam<const char*> {
 protected:
  json table() const { return json::parse(std::ifstream(kTables / GetParam())); }
};

TEST_P(TensorTable, IsExactlyWhatTheLoaderAsksFor) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(config, std::string("configs/") + GetParam());
  const TempDir dir;
  write_model(dir, config, table(), layers_of(table()));

  EXPECT_NO_THROW(load_model(dir.path().string()));
}

TEST_P(TensorTable, WithATensorLessMoreOrOfAnotherShapeIsRefused) {
  FIDELIO_EXTERNAL_DATA_OR_SKIP(config, std::string("configs/") + GetParam());
  const std::int64_t layers = layers_of(table());
  const bool lfm2 = table().contains("model.embedding_norm.weight");
  const std::string norm =
      lfm2 ? "model.layers.1.ffn_norm.weight" : "model.layers.1.post_attention_layernorm.weight";
  const std::string first = lfm2 ? "operator_norm" : "input_layernorm";
  json less = table();
  less.erase(norm);
  json more = table();
  more[fmt::format("model.layers.{}.{}.weight", layers, first)] = more[norm];
  json other = table();
  other[norm][1][0] = other[norm][1][0].get<std::int64_t>() + 1;

  for (const json& wrong : {less, more, other}) {
    const TempDir dir;
    write_model(dir, config, wrong, layers);
    EXPECT_THAT(user_error_of([&] { load_model(dir.path().string()); }), HasSubstr("norm.weight"));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Published, TensorTable,
    ::testing::Values(
        "LiquidAI--LFM2-8B-A1B_config.fields.json", "Qwen--Qwen3-0.6B_config.json",
        "Qwen--Qwen3-30B-A3B-2507_config.fields.json", "Qwen--Qwen3-30B-A3B_config.json",
        "Qwen--Qwen3-4B-Instruct-2507_config.fields.json", "Qwen--Qwen3-8B_config.json",
        "TinyLlama--TinyLlama-1.1B_config.json", "allenai--OLMoE-1B-7B-0125-Instruct_config.json",
        "lmstudio-community--Qwen3-30B-A3B-MLX-4bit_config.json",
        "meta-llama--Meta-Llama-3.1-8B_config.json", "mistralai--Mixtral-8x7B-v0.1_config.json",
        "openai--gpt-oss-20b_config.json", "unsloth--Llama-3.2-3B-Instruct_config.json"));

TEST(TensorTables, CoverEveryTableThatWasMade) {
  const auto n = std::distance(std::filesystem::directory_iterator(kTables),
                               std::filesystem::directory_iterator());
  EXPECT_EQ(n, 13);
}

}  // namespace
}  // namespace fidelio::testing
