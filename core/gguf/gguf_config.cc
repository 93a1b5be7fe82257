// Source of the keys: the Keys tables of llama.cpp's gguf package, and its converters for what each
// architecture writes.
#include "core/gguf/gguf_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/gguf/gguf_config_keys.h"
#include "core/quote.h"

namespace fidelio {

namespace {

using nlohmann::json;

constexpr std::uint64_t kMaxLayers = 4096;  // of an array with a value a layer

/// Collects the config and remembers which metadata key gave what.
class ConfigWriter {
 public:
  ConfigWriter(const GgufMetadata& metadata, const GgufArchitecture& architecture)
      : metadata_(metadata), architecture_(architecture) {}

  std::string full(std::string_view key) const {
    return std::string(architecture_.name) + "." + std::string(key);
  }
  const GgufMetadata& metadata() const { return metadata_; }
  const GgufArchitecture& architecture() const { return architecture_; }
  json& config() { return config_; }
  /// Messages about `config_key` shall name `key`.
  void source(const std::string& config_key, std::string_view key) {
    sources_[config_key] = full(key);
  }
  std::optional<std::int64_t> integer(std::string_view key) const {
    return metadata_.find_integer(full(key), INT64_MIN, INT64_MAX);
  }

  /// The rows of a table, as far as the file has their keys.
  void copy(std::span<const GgufConfigKey> rows) {
    for (const GgufConfigKey& row : rows) {
      known_.insert(row.key);
      if (row.config_key.empty()) continue;
      const std::string to(row.config_key);
      source(to, row.key);
      const std::string from = full(row.key);
      switch (row.kind) {
        case GgufConfigKey::Kind::integer:
          if (const auto value = integer(row.key)) config_[to] = *value;
          break;
        case GgufConfigKey::Kind::real:
          if (const auto value = metadata_.find_float(from)) config_[to] = *value;
          break;
        case GgufConfigKey::Kind::flag:
          if (const auto value = metadata_.find_bool(from)) config_[to] = *value;
          break;
      }
    }
  }

  /// A key whose only harmless values are absent and `harmless`.
  void require(std::string_view key, std::int64_t harmless) {
    known_.insert(key);
    const auto value = integer(key);
    if (value && *value != harmless) {
      metadata_.fail(full(key), std::to_string(*value), std::to_string(harmless));
    }
  }
  void know(std::string_view key) { known_.insert(key); }

  /// Whatever else stands under the architecture's name would change the model.
  void refuse_unknown() const {
    const std::string prefix = full("");
    for (const std::string_view key : metadata_.keys()) {
      if (!key.starts_with(prefix) || known_.contains(key.substr(prefix.size()))) continue;
      metadata_.fail(key, "the key",
                     fmt::format("none that Fidelio does not know of {}", architecture_.name));
    }
  }

  GgufConfig finish() const { return {config_.dump(1), sources_}; }

 private:
  const GgufMetadata& metadata_;
  const GgufArchitecture& architecture_;
  json config_ = json::object();
  std::map<std::string, std::string> sources_;
  std::set<std::string_view> known_;
};

/// head_count_kv is one number, or one a layer: 0 where the layer has a short convolution instead
/// of attention.
void add_kv_heads(ConfigWriter& writer) {
  const char* key = "attention.head_count_kv";
  writer.know(key);
  writer.source("num_key_value_heads", key);
  const auto counts = writer.metadata().find_integers(writer.full(key), kMaxLayers);
  if (!counts || counts->empty()) return;
  std::int64_t heads = 0;
  json types = json::array();
  for (const std::int64_t count : *counts) {
    if (count != 0 && heads != 0 && count != heads) {
      writer.metadata().fail(writer.full(key), fmt::format("{} and {}", heads, count),
                             "one number of heads for all layers with attention");
    }
    if (count != 0) heads = count;
    types.push_back(count == 0 ? "conv" : "full_attention");
  }
  writer.config()["num_key_value_heads"] = heads;
  const bool convolves = writer.architecture().model_type.starts_with("lfm2");
  if (!convolves && types.size() == 1) return;
  writer.config()["layer_types"] = types;
  writer.source("layer_types", key);
}

/// Heads' keys and values are as wide as each other, and rotated whole.
void add_head_dim(ConfigWriter& writer) {
  const char* key = "attention.key_length";
  writer.know(key);
  writer.source("head_dim", key);
  const std::int64_t hidden = writer.integer("embedding_length").value_or(0);
  const std::int64_t heads = writer.integer("attention.head_count").value_or(0);
  // What llama.cpp takes where the key is absent.
  const std::int64_t fallback = heads > 0 && hidden % heads == 0 ? hidden / heads : 0;
  const std::int64_t head_dim = writer.integer(key).value_or(fallback);
  if (head_dim != 0) writer.config()["head_dim"] = head_dim;
  writer.require("attention.value_length", head_dim);
  writer.require("rope.dimension_count", head_dim);
}

/// The scaling that the keys say; null without one.
json scaling_of_keys(const ConfigWriter& writer) {
  const GgufMetadata& metadata = writer.metadata();
  const std::string type_key = writer.full("rope.scaling.type");
  const auto factor = metadata.find_float(writer.full("rope.scaling.factor"));
  // llama.cpp takes a factor without a type as linear.
  const std::string type(metadata.find_string(type_key).value_or(factor ? "linear" : "none"));
  if (type == "none" && factor.value_or(1) != 1) {
    metadata.fail(type_key, "\"none\" beside a factor", "linear or yarn");
  }
  if (type == "none") return nullptr;
  if (type != "linear" && type != "yarn") {
    metadata.fail(type_key, quote(type), "none, linear or yarn; no other scaling is supported");
  }
  json scaling = {{"rope_type", type}};
  if (factor) scaling["factor"] = *factor;
  if (type == "linear") return scaling;
  if (const auto context = writer.integer("rope.scaling.original_context_length")) {
    scaling["original_max_position_embeddings"] = *context;
  }
  // gpt-oss was trained with the ramp's ends as they are; no key says so.
  if (writer.architecture().name == "gpt-oss") scaling["truncate"] = false;
  scaling["beta_fast"] =
      metadata.find_float(writer.full("rope.scaling.yarn_beta_fast")).value_or(32);
  scaling["beta_slow"] =
      metadata.find_float(writer.full("rope.scaling.yarn_beta_slow")).value_or(1);
  return scaling;
}

void add_rope_scaling(ConfigWriter& writer, const GgufTensorFacts& tensors) {
  for (const GgufConfigKey& row : kRopeScalingKeys) {
    writer.know(row.key);
    writer.source("rope_scaling." + std::string(row.config_key), row.key);
  }
  json scaling = scaling_of_keys(writer);
  if (!tensors.rope_freq_factors.empty()) {
    if (!scaling.is_null()) {
      writer.metadata().fail(writer.full("rope.scaling.type"), scaling["rope_type"].dump(),
                             "none beside the tensor rope_freqs.weight");
    }
    scaling = {{"rope_type", "factors"}, {"factors", tensors.rope_freq_factors}};
  }
  if (!scaling.is_null()) writer.config()["rope_scaling"] = scaling;
}

/// What only mixtures of experts have.
void add_experts(ConfigWriter& writer) {
  const GgufArchitecture& architecture = writer.architecture();
  const std::string_view type = architecture.model_type;
  if (!architecture.has_experts) {
    writer.require("expert_count", 0);
    writer.require("expert_used_count", 0);
    return;
  }
  writer.copy(kExpertKeys);
  // 1: softmax over all experts, 2: sigmoid, 3: softmax over the chosen ones.
  writer.require("expert_gating_func", type == "lfm2_moe" ? 2 : type == "gpt_oss" ? 3 : 1);
  writer.require("expert_shared_count", 0);
  const bool own_width = type == "qwen3_moe" || type == "lfm2_moe";
  if (own_width || type == "olmoe") {
    writer.copy(kExpertNorm);
    writer.config().emplace("norm_topk_prob", own_width);  // what llama.cpp takes without the key
  }
  writer.copy(own_width ? kExpertWidth : kExpertWidthAlone);
}

void add_family(ConfigWriter& writer) {
  json& config = writer.config();
  const std::string_view type = writer.architecture().model_type;
  if (type.starts_with("lfm2")) {
    writer.copy(kLfm2Keys);
    config["conv_bias"] = false;
    config["block_auto_adjust_ff_dim"] = false;
  }
  if (type == "lfm2_moe") {
    writer.copy(kLfm2MoeKeys);
    config["use_expert_bias"] = true;
  }
  if (type == "gpt_oss") {
    writer.copy(kGptOssKeys);
    config["attention_bias"] = true;
    config["swiglu_limit"] = 7.0;
    json types = json::array();
    const std::int64_t n = writer.integer("block_count").value_or(0);
    for (std::int64_t layer = 0; layer < std::min<std::int64_t>(n, kMaxLayers); ++layer) {
      types.push_back(layer % 2 == 0 ? "sliding_attention" : "full_attention");
    }
    config["layer_types"] = types;
  }
}

/// The ids that end a text.
void add_end_ids(ConfigWriter& writer) {
  json ids = json::array();
  for (const char* key : {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id",
                          "tokenizer.ggml.eom_token_id"}) {
    const auto id = writer.metadata().find_integer(key, INT32_MIN, UINT32_MAX);
    if (id && *id >= 0 && *id <= INT32_MAX && std::find(ids.begin(), ids.end(), *id) == ids.end()) {
      ids.push_back(*id);
    }
  }
  if (!ids.empty()) writer.config()["eos_token_id"] = ids;
}

}  // namespace

const GgufArchitecture& read_gguf_architecture(const GgufMetadata& metadata) {
  const char* key = "general.architecture";
  const std::string supported = "one of " + gguf_architecture_names();
  if (const auto type = metadata.find_string("general.type"); type.value_or("model") != "model") {
    metadata.fail("general.type", quote(*type), "\"model\"");
  }
  const auto name = metadata.find_string(key);
  if (!name) metadata.missing(key, supported);
  const std::string experts_key = std::string(*name) + ".expert_count";
  const std::int64_t experts = metadata.find_integer(experts_key, 0, UINT32_MAX).value_or(0);
  const GgufArchitecture* found = find_gguf_architecture(*name, experts > 0);
  if (found != nullptr) return *found;
  if (find_gguf_architecture(*name, experts == 0) != nullptr) {
    metadata.fail(experts_key, std::to_string(experts),
                  experts > 0 ? "0 in this architecture" : "the number of experts");
  }
  metadata.fail(key, quote(*name), supported);
}

GgufConfig make_gguf_config(const GgufMetadata& metadata, const GgufArchitecture& architecture,
                            const GgufTensorFacts& tensors) {
  ConfigWriter writer(metadata, architecture);
  json& config = writer.config();
  config["model_type"] = architecture.model_type;
  config["vocab_size"] = tensors.vocab_size;
  config["tie_word_embeddings"] = !tensors.has_head;
  if (architecture.rope_traditional) config["rope_traditional"] = true;
  if (tensors.attention_bias && architecture.model_type != "qwen2") config["attention_bias"] = true;
  if (tensors.mlp_bias) config["mlp_bias"] = true;
  writer.copy(kCommonKeys);
  writer.copy(architecture.model_type.starts_with("lfm2") ? kLfm2Norm : kNorm);
  writer.require("vocab_size", tensors.vocab_size);
  writer.know("tensor_data_layout");
  if (!config.contains("rope_theta")) config["rope_theta"] = 10000.0;  // llama.cpp's
  add_kv_heads(writer);
  add_head_dim(writer);
  add_rope_scaling(writer, tensors);
  add_experts(writer);
  add_family(writer);
  add_end_ids(writer);
  writer.refuse_unknown();
  return writer.finish();
}

}  // namespace fidelio
