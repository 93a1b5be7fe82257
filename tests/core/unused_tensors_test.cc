// Small whole models: tied and untied heads, quantised embeddings, and tensors too many.
#include "core/unused_tensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/families/family.h"
#include "core/model_weights.h"
#include "kernels/contract.h"
#include "tests/support/safetensors_writer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/user_error.h"

namespace fidelio {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::SafetensorsWriter;
using testing::user_error_of;

/// A llama of one layer and width 64, all its matrices [64, 64].
class WholeModel {
 public:
  explicit WholeModel(bool tied, bool quantised = false) {
    config_ = {{"model_type", "llama"},    {"hidden_size", 64},
               {"intermediate_size", 64},  {"num_hidden_layers", 1},
               {"vocab_size", 64},         {"max_position_embeddings", 64},
               {"num_attention_heads", 2}, {"rms_norm_eps", 1e-5},
               {"num_key_value_heads", 2}, {"tie_word_embeddings", tied}};
    if (quantised) config_["quantization"] = {{"group_size", 32}, {"bits", 4}};
    const std::string layer = "model.layers.0.";
    for (const char* name : {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj",
                             "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"})
      add(layer + name + ".weight", {64, 64});
    for (const char* name : {"input_layernorm", "post_attention_layernorm"})
      add(layer + name + ".weight", {64});
    add("model.norm.weight", {64});
    if (quantised) {
      add_quantised("model.embed_tokens", 3);
    } else {
      add("model.embed_tokens.weight", {64, 64});
    }
  }
  WholeModel& add(const std::string& name, const std::vector<std::int64_t>& shape) {
    tensors_.add_zeros(name, "F32", shape, 4);
    return *this;
  }
  /// Every code 0, so that each value is the bias.
  WholeModel& add_quantised(const std::string& path, float bias) {
    tensors_.add_zeros(path + ".weight", "U32", {64, 8}, 4)
        .add_zeros(path + ".scales", "F32", {64, 2}, 4)
        .add(path + ".biases", "F32", {64, 2}, std::vector<float>(128, bias));
    return *this;
  }
  Checkpoint open() const {
    dir_.write("config.json", config_.dump());
    tensors_.write(dir_ / "model.safetensors");
    return Checkpoint::open(dir_.path());
  }
  std::vector<std::string> unused() const {
    const Checkpoint checkpoint = open();
    return unused_tensors(checkpoint, ModelWeights(checkpoint, build_graph(checkpoint.config())));
  }
  std::string error() const {
    const Checkpoint checkpoint = open();
    const Graph graph = build_graph(checkpoint.config());
    return user_error_of(
        [&] { refuse_unused_tensors(checkpoint, ModelWeights(checkpoint, graph)); });
  }

 private:
  testing::TempDir dir_;
  json config_;
  SafetensorsWriter tensors_;
};

TEST(UnusedTensors, AreNoneInAModelThatIsItsGraph) {
  EXPECT_THAT(WholeModel(true).unused(), IsEmpty());
  EXPECT_THAT(WholeModel(false).add("lm_head.weight", {64, 64}).unused(), IsEmpty());
}

TEST(UnusedTensors, AreBiasesThatTheConfigDoesNotMention) {
  WholeModel model(true);
  model.add("model.layers.0.self_attn.q_proj.bias", {64});

  EXPECT_THAT(model.error(),
              AllOf(HasSubstr("found 1 that the llama graph does not use"),
                    HasSubstr("\"model.layers.0.self_attn.q_proj.bias\" in model.safetensors"),
                    HasSubstr("attention_bias")));
}

TEST(UnusedTensors, AreNamedUpToAFewAndCounted) {
  WholeModel model(true);
  for (const char* name : {"a", "b", "c", "d", "e"}) model.add(name, {1});

  EXPECT_THAT(model.error(), AllOf(HasSubstr("found 5"), HasSubstr("\"d\""), HasSubstr(", ..."),
                                   Not(HasSubstr("\"e\""))));
}

TEST(UnusedTensors, AreLayersBeyondTheConfigs) {
  WholeModel model(true);
  model.add("model.layers.1.input_layernorm.weight", {64});

  EXPECT_THAT(model.unused(), ElementsAre("model.layers.1.input_layernorm.weight"));
}

TEST(UnusedTensors, AreScalesOrBiasesOfAWeightThatIsNotQuantised) {
  WholeModel model(true);
  model.add("model.layers.0.mlp.up_proj.biases", {64, 2});

  EXPECT_THAT(model.unused(), ElementsAre("model.layers.0.mlp.up_proj.biases"));
}

TEST(UnusedTensors, MayBeInverseFrequencies) {
  WholeModel model(true);
  model.add("model.layers.0.self_attn.rotary_emb.inv_freq", {16}).add("inv_freq", {16});

  EXPECT_THAT(model.unused(), ElementsAre("inv_freq"));
}

TEST(TiedEmbeddings, MakeAStoredHeadHarmless) {
  EXPECT_THAT(WholeModel(true).add("lm_head.weight", {64, 64}).unused(), IsEmpty());
  EXPECT_THAT(WholeModel(true, true).add_quantised("lm_head", 1).unused(), IsEmpty());
  EXPECT_THAT(WholeModel(true).add("model.lm_head.weight", {1}).unused(),
              ElementsAre("model.lm_head.weight"));
}

TEST(TiedEmbeddings, AreNotAssumedWhereTheHeadIsMissing) {
  EXPECT_THAT(WholeModel(false).error(),
              HasSubstr("tensor \"lm_head.weight\": found no such tensor"));
}

TEST(TiedEmbeddings, AreTheHeadAlsoWhenQuantised) {
  const WholeModel model(true, true);
  const Checkpoint checkpoint = model.open();
  const Graph graph = build_graph(checkpoint.config());
  const ModelWeights weights(checkpoint, graph);

  const WeightView& embedding = weights.matrix("model.embed_tokens");

  EXPECT_FALSE(graph.find_param("lm_head").has_value());
  EXPECT_EQ(embedding.format, WeightFormat::affine4);
  EXPECT_EQ(contract::weight_value(embedding, 63, 63), 3.0F);
  EXPECT_THAT(model.unused(), IsEmpty());
}

TEST(UntiedEmbeddings, TakeAQuantisedHeadOfItsOwn) {
  WholeModel model(false, true);
  model.add_quantised("lm_head", 5);
  const Checkpoint checkpoint = model.open();
  const Graph graph = build_graph(checkpoint.config());
  const ModelWeights weights(checkpoint, graph);

  EXPECT_EQ(contract::weight_value(weights.matrix("model.embed_tokens"), 1, 1), 3.0F);
  EXPECT_EQ(contract::weight_value(weights.matrix("lm_head"), 1, 1), 5.0F);
  EXPECT_THAT(model.unused(), IsEmpty());
}

}  // namespace
}  // namespace fidelio
