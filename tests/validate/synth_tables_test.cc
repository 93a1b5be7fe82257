// `validate synth` against the reference implementations: for every family and form the tensors it
// would write, layer for layer, are those that transformers or mlx-lm make of the same config
// (tests/data/make_synth_tables.py), and so is the quantization block.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

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
const FormSettings kGguf{Format::gguf, {}, {}, {}};

const Form kForms[] = {
    {"hf", kHf},
    {"mlx", kMlx},
    {"gguf", kGguf},
    {"mlx-3bit-32", {Format::mlx, 3, 32, {}}},
    {"mlx-16bit", {Format::mlx, 16, {}, {}}},
    {"mlx-mxfp4", {Format::mlx, {}, {}, "mxfp4"}},
    {"mlx-4bit-affine", {Format::mlx, 4, {}, "affine"}},
};

json table_of(const std::string& family, const std::string& form) {
  return json::parse(std::ifstream(kTables / (family + "." + form + ".json")));
}

/// As the tables spell them: name -> [dtype, shape]; those of GGUF leave the type open.
json tensors_of(const StoredModel& model, Format format = Format::mlx) {
  json tensors = json::object();
  for (const StoredTensor& tensor : model.tensors) {
    const json dtype = format == Format::gguf ? json() : json(tensor.dtype);
    tensors[tensor.name] = json::array({dtype, tensor.shape});
  }
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

      EXPECT_EQ(json::diff(table["tensors"], tensors_of(model, form.settings.format)).dump(1), "[]")
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

/// The types of a GGUF form, by the end of a tensor's name.
std::map<std::string, std::string> gguf_types(const char* family, const FormSettings& settings) {
  std::map<std::string, std::string> types;
  for (const StoredTensor& tensor : model_of(family, settings).tensors) {
    const std::size_t layer = tensor.name.starts_with("blk.") ? tensor.name.find('.', 4) + 1 : 0;
    types[tensor.name.substr(layer)] = tensor.dtype;
  }
  return types;
}

TEST(SynthGguf, TypesAreWhatLlamaQuantizeMakes) {
  const auto q4 = gguf_types("qwen3-30b-a3b", kGguf);
  EXPECT_EQ(q4.at("token_embd.weight"), "Q4_0");
  EXPECT_EQ(q4.at("output.weight"), "Q6_K");
  EXPECT_EQ(q4.at("attn_q.weight"), "Q4_0");
  EXPECT_EQ(q4.at("ffn_gate_exps.weight"), "Q4_0");
  EXPECT_EQ(q4.at("ffn_gate_inp.weight"), "F32");
  EXPECT_EQ(q4.at("attn_q_norm.weight"), "F32");
  const auto tied = gguf_types("lfm2-8b-a1b", kGguf);
  EXPECT_EQ(tied.at("token_embd.weight"), "Q6_K");
  EXPECT_EQ(tied.at("shortconv.conv.weight"), "F32");
  EXPECT_EQ(tied.at("exp_probs_b.bias"), "F32");
  const auto gpt_oss = gguf_types("gpt-oss-20b", kGguf);
  EXPECT_EQ(gpt_oss.at("ffn_down_exps.weight"), "MXFP4");
  EXPECT_EQ(gpt_oss.at("ffn_down_exps.bias"), "F32");
  EXPECT_EQ(gpt_oss.at("attn_q.weight"), "Q8_0");
  EXPECT_EQ(gguf_types("qwen3-4b", {Format::gguf, 16, {}, {}}).at("ffn_up.weight"), "BF16");
}

TEST(SynthGguf, SizesAreThoseOfFilesThatLlamaCppRan) {
  const auto gigabytes = [](const char* family, std::optional<int> bits) {
    const FormSettings settings{Format::gguf, bits, {}, {}};
    return static_cast<double>(stored_model(published_config(family), settings).bytes()) / 1e9;
  };
  EXPECT_NEAR(gigabytes("lfm2-8b-a1b", 4), 4.732, 0.0005);
  EXPECT_NEAR(gigabytes("lfm2-8b-a1b", 8), 8.866, 0.0005);
  EXPECT_NEAR(gigabytes("qwen3-30b-a3b", 4), 17.299, 0.0005);
  EXPECT_NEAR(gigabytes("gpt-oss-20b", {}), 12.097, 0.0005);
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
