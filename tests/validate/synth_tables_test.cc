// `validate synth` against the reference implementations: for every family and form the tensors it
// would write, layer for layer, are those that transformers or mlx-lm make of the same config
// (tests/data/make_synth_tables.py), and so is the quantization block.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/user_error.h"
#include "validate/synth/published_configs.h"
#include "validate/synth/stored_model.h"

namespace fidelio::synth {
namespace {

using ::fidelio::testing::user_error_of;
using nlohmann::json;
using ::testing::HasSubstr;

const std::filesystem::path kTables =
    std::filesystem::path(FIDELIO_SOURCE_DIR) / "tests/data/synth_tables";

struct Form {
  const char* name;
  FormSettings settings;
};

const FormSettings kHf{Format::hf, {}, {}, {}};
const FormSettings kMlx{Format::mlx, {}, {}, {}};

const Form kForms[] = {
    {"hf", kHf},
    {"mlx", kMlx},
    {"mlx-3bit-32", {Format::mlx, 3, 32, {}}},
    {"mlx-16bit", {Format::mlx, 16, {}, {}}},
    {"mlx-mxfp4", {Format::mlx, {}, {}, "mxfp4"}},
    {"mlx-4bit-affine", {Format::mlx, 4, {}, "affine"}},
};

json table_of(const std::string& family, const std::string& form) {
  return json::parse(std::ifstream(kTables / (family + "." + form + ".json")));
}

/// As the tables spell them: name -> [dtype, shape].
json tensors_of(const StoredModel& model) {
  json tensors = json::object();
  for (const StoredTensor& tensor : model.tensors)
    tensors[tensor.name] = json::array({tensor.dtype, tensor.shape});
  return tensors;
}

std::int64_t layers_of(const std::string& family) {
  if (family == "lfm2-8b-a1b") return 3;
  return family == "qwen3-30b-a3b" || family == "gpt-oss-20b" ? 2 : 1;
}

StoredModel model_of(const std::string& family, const FormSettings& settings) {
  return stored_model(with_layers(published_config(family), layers_of(family)), settings);
}

TEST(SynthTables, AreThoseOfTheReferenceImplementations) {
  int compared = 0;
  for (const std::string& family : family_names()) {
    for (const Form& form : kForms) {
      if (!std::filesystem::exists(kTables / (family + "." + form.name + ".json"))) continue;
      const json table = table_of(family, form.name);
      const StoredModel model = model_of(family, form.settings);

      EXPECT_EQ(json::diff(table["tensors"], tensors_of(model)).dump(1), "[]")
          << family << " " << form.name;
      if (form.settings.format == Format::mlx) {
        EXPECT_EQ(model.config.value("quantization", json()), table["quantization"])
            << family << " " << form.name;
      }
      ++compared;
    }
  }
  const auto made = std::distance(std::filesystem::directory_iterator(kTables),
                                  std::filesystem::directory_iterator());
  EXPECT_EQ(compared, made);
}

TEST(SynthTables, NoticeOneDimensionOrOneName) {
  const json table = table_of("qwen3-30b-a3b", "mlx")["tensors"];
  json config = with_layers(published_config("qwen3-30b-a3b"), 2);
  config["head_dim"] = 64;
  EXPECT_NE(tensors_of(stored_model(config, kMlx)), table);
  config = with_layers(published_config("qwen3-30b-a3b"), 2);
  config["model_type"] = "mixtral";
  EXPECT_NE(tensors_of(stored_model(config, kMlx)), table);
}

TEST(SynthTables, SizesAreThoseOfThePublishedCheckpoints) {
  // The total_size of published model.safetensors.index.json files, in bytes.
  const auto bytes = [](const char* family, const FormSettings& settings) {
    return stored_model(published_config(family), settings).bytes();
  };
  EXPECT_EQ(bytes("mixtral-8x7b", kHf), 93'405'585'408U);
  EXPECT_EQ(bytes("qwen3-30b-a3b", kHf), 61'064'245'248U);
}

TEST(SynthForms, RefuseWhatTheyDoNotKnow) {
  const auto error = [](const char* family, const FormSettings& settings) {
    return user_error_of([&] { stored_model(published_config(family), settings); });
  };
  EXPECT_THAT(error("qwen3-4b", {Format::mlx, 7, {}, {}}),
              HasSubstr("--bits: found 7, expected one of 2, 3, 4, 5, 6, 8, 16"));
  EXPECT_THAT(error("qwen3-4b", {Format::mlx, {}, 16, {}}),
              HasSubstr("--group-size: found 16, expected one of 32, 64, 128"));
  EXPECT_THAT(error("gpt-oss-20b", {Format::mlx, {}, 128, {}}),
              HasSubstr("--group-size: found 128, expected a divisor of 2880"));
  EXPECT_THAT(error("qwen3-4b", {Format::mlx, {}, {}, "nvfp4"}),
              HasSubstr("--mode: found \"nvfp4\", expected affine or mxfp4"));
  EXPECT_THAT(error("qwen3-4b", {Format::mlx, 8, {}, "mxfp4"}),
              HasSubstr("--bits: found 8, expected one of 4"));
  EXPECT_THAT(error("qwen3-4b", {Format::hf, 4, {}, {}}), HasSubstr("--bits: found 4"));
  EXPECT_THAT(error("qwen3-4b", {Format::hf, {}, 64, {}}), HasSubstr("--group-size"));
  EXPECT_THAT(error("qwen3-4b", {Format::hf, {}, {}, "affine"}), HasSubstr("--mode"));
}

TEST(SynthConfigs, AreCutWithTheirLists) {
  const json config = with_layers(published_config("lfm2-8b-a1b"), 3);
  EXPECT_EQ(config["num_hidden_layers"], 3);
  EXPECT_EQ(config["layer_types"], json::parse(R"(["conv", "conv", "full_attention"])"));
  EXPECT_THAT(user_error_of([] { with_layers(published_config("qwen3-4b"), 37); }),
              HasSubstr("--layers: found 37, expected 1 to 36"));
  EXPECT_THAT(user_error_of([] { published_config("qwen3-4"); }),
              HasSubstr("did you mean \"qwen3-4b\"?"));
}

TEST(SynthConfigs, AreThePublishedOnes) {
  // Attention of LFM2-8B-A1B, the only list that is not a plain repetition.
  const json types = published_config("lfm2-8b-a1b")["layer_types"];
  std::vector<std::size_t> attention;
  for (std::size_t i = 0; i < types.size(); ++i)
    if (types[i] == "full_attention") attention.push_back(i);
  EXPECT_EQ(attention, (std::vector<std::size_t>{2, 6, 10, 14, 18, 21}));
  EXPECT_EQ(types.size(), 24U);
}

}  // namespace
}  // namespace fidelio::synth
