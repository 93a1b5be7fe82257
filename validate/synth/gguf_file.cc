// A GGUF file's head: magic, metadata, tensor table, padding. Source: the format's description in
// ggml (docs/gguf.md); keys are those that llama.cpp's converter writes for each architecture.
#include <algorithm>
#include <cstring>
#include <type_traits>

#include "core/check.h"
#include "validate/synth/planned_files.h"

namespace fidelio::synth {
namespace {

using nlohmann::json;

constexpr std::uint64_t kAlignment = 32;

std::uint64_t aligned(std::uint64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

struct TypeCode {
  const char* name;
  std::uint32_t tensor_type;  ///< ggml_type
  std::uint32_t file_type;    ///< llama_ftype of a file that is mostly this
};
constexpr TypeCode kTypes[] = {
    {"F32", 0, 0},    {"Q4_0", 2, 2},   {"Q8_0", 8, 7},
    {"Q6_K", 14, 18}, {"BF16", 30, 32}, {"MXFP4", 39, 38},
};

const TypeCode& code_of(const std::string& dtype) {
  for (const TypeCode& code : kTypes) {
    if (dtype == code.name) return code;
  }
  check_failed("a type that GGUF files of ours do not have", __FILE__, __LINE__);
}

class Bytes {
 public:
  template <class T>
  void number(T value) {
    static_assert(std::is_arithmetic_v<T>);
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    text_.append(raw, sizeof value);
  }
  void string(const std::string& value) {
    number(std::uint64_t{value.size()});
    text_ += value;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// Typed key-value pairs; the type codes are the format's.
class Metadata {
 public:
  void add(const std::string& key, std::int64_t value) {
    start(key, 4);
    pairs_.number(static_cast<std::uint32_t>(value));
  }
  void add(const std::string& key, double value) {
    start(key, 6);
    pairs_.number(static_cast<float>(value));
  }
  void add(const std::string& key, const std::string& value) {
    start(key, 8);
    pairs_.string(value);
  }
  void add(const std::string& key, const std::vector<std::int64_t>& values) {
    start(key, 9);
    pairs_.number(std::uint32_t{5});  // of int32
    pairs_.number(std::uint64_t{values.size()});
    for (const std::int64_t value : values) pairs_.number(static_cast<std::int32_t>(value));
  }
  std::uint64_t count() const { return count_; }
  const std::string& bytes() const { return pairs_.text(); }

 private:
  void start(const std::string& key, std::uint32_t type) {
    ++count_;
    pairs_.string(key);
    pairs_.number(type);
  }
  std::uint64_t count_ = 0;
  Bytes pairs_;
};

std::string architecture_name(const std::string& model_type) {
  if (model_type == "qwen3_moe") return "qwen3moe";
  if (model_type == "lfm2_moe") return "lfm2moe";
  if (model_type == "gpt_oss") return "gpt-oss";
  if (model_type == "mixtral") return "llama";
  return model_type;
}

/// 0 where a layer has no attention, as llama.cpp tells convolutions apart.
std::vector<std::int64_t> kv_heads_of_layers(const Architecture& a) {
  std::vector<std::int64_t> heads;
  for (std::int64_t layer = 0; layer < a.num_hidden_layers; ++layer)
    heads.push_back(a.has_attention(layer) ? a.kv_heads : 0);
  return heads;
}

void add_attention(Metadata& out, const std::string& prefix, const Architecture& a,
                   const json& config) {
  out.add(prefix + "attention.head_count", a.heads);
  if (a.conv_taps > 0) {
    out.add(prefix + "attention.head_count_kv", kv_heads_of_layers(a));
    out.add(prefix + "shortconv.l_cache", a.conv_taps);
  } else {
    out.add(prefix + "attention.head_count_kv", a.kv_heads);
  }
  if (config.contains("head_dim")) {
    out.add(prefix + "attention.key_length", a.head_dim);
    out.add(prefix + "attention.value_length", a.head_dim);
  }
  const char* eps = config.contains("norm_eps") ? "norm_eps" : "rms_norm_eps";
  out.add(prefix + "attention.layer_norm_rms_epsilon", config.at(eps).get<double>());
  if (a.model_type == "gpt_oss")
    out.add(prefix + "attention.sliding_window", config.at("sliding_window").get<std::int64_t>());
  out.add(prefix + "rope.freq_base", config.at("rope_theta").get<double>());
  if (a.model_type == "mixtral") out.add(prefix + "rope.dimension_count", a.head_dim);
  if (const auto scaling = config.find("rope_scaling");
      scaling != config.end() && scaling->is_object()) {
    out.add(prefix + "rope.scaling.type", scaling->at("rope_type").get<std::string>());
    out.add(prefix + "rope.scaling.factor", scaling->at("factor").get<double>());
    out.add(prefix + "rope.scaling.original_context_length",
            scaling->at("original_max_position_embeddings").get<std::int64_t>());
  }
}

void add_experts(Metadata& out, const std::string& prefix, const Architecture& a) {
  constexpr std::int64_t kSigmoid = 2;
  if (a.num_experts == 0) return;
  out.add(prefix + "expert_count", a.num_experts);
  out.add(prefix + "expert_used_count", a.top_k);
  if (a.expert_size != a.intermediate_size || a.model_type == "gpt_oss")
    out.add(prefix + "expert_feed_forward_length", a.expert_size);
  if (a.model_type != "lfm2_moe") return;
  out.add(prefix + "leading_dense_block_count", a.dense_layers);
  out.add(prefix + "expert_gating_func", kSigmoid);
}

Metadata metadata_of(const StoredModel& model, const std::string& name, std::uint32_t file_type) {
  const Architecture a(model.config);
  const std::string architecture = architecture_name(a.model_type);
  const std::string prefix = architecture + ".";
  Metadata out;
  out.add("general.architecture", architecture);
  out.add("general.type", std::string("model"));
  out.add("general.name", name);
  out.add("general.quantization_version", std::int64_t{2});
  out.add("general.file_type", std::int64_t{file_type});
  out.add(prefix + "block_count", a.num_hidden_layers);
  out.add(prefix + "context_length",
          model.config.at("max_position_embeddings").get<std::int64_t>());
  out.add(prefix + "embedding_length", a.hidden_size);
  out.add(prefix + "feed_forward_length", a.intermediate_size);
  out.add(prefix + "vocab_size", a.vocab_size);
  add_attention(out, prefix, a, model.config);
  add_experts(out, prefix, a);
  out.add("tokenizer.ggml.model", std::string("no_vocab"));
  return out;
}

/// Of the matrices in the layers; a file with MXFP4 experts is called by those.
std::uint32_t file_type_of(const StoredModel& model) {
  std::uint32_t type = 0;
  for (const StoredTensor& tensor : model.tensors) {
    const TypeCode& code = code_of(tensor.dtype);
    if (tensor.name.starts_with("blk.") && tensor.shape.size() > 1)
      type = std::max(type, code.file_type);
  }
  return type;
}

/// Offsets count from the first tensor; dimensions are listed from the contiguous one on.
std::string tensor_table(const StoredModel& model) {
  Bytes table;
  std::uint64_t at = 0;
  for (const StoredTensor& tensor : model.tensors) {
    table.string(tensor.name);
    table.number(static_cast<std::uint32_t>(tensor.shape.size()));
    for (auto dimension = tensor.shape.rbegin(); dimension != tensor.shape.rend(); ++dimension)
      table.number(static_cast<std::uint64_t>(*dimension));
    table.number(code_of(tensor.dtype).tensor_type);
    table.number(at);
    at += aligned(tensor.bytes);
  }
  return table.text();
}

}  // namespace

PlannedFile gguf_file(const StoredModel& model, std::string name) {
  const Metadata metadata =
      metadata_of(model, name.substr(0, name.rfind(".gguf")), file_type_of(model));
  Bytes head;
  head.number(std::uint32_t{0x46554747});  // "GGUF"
  head.number(std::uint32_t{3});
  head.number(std::uint64_t{model.tensors.size()});
  head.number(metadata.count());
  PlannedFile file{std::move(name), head.text() + metadata.bytes() + tensor_table(model), {}, 0};
  file.head.resize(aligned(file.head.size()), '\0');
  file.bytes = file.head.size();
  for (const StoredTensor& tensor : model.tensors) {
    file.tensors.push_back({file.bytes, tensor});
    file.bytes += aligned(tensor.bytes);
  }
  return file;
}

}  // namespace fidelio::synth
