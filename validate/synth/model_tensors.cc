// Sources of the shapes: transformers' modeling files of the six families, and the published
// checkpoints' tensor lists as shared by their model cards.
#include "validate/synth/model_tensors.h"

#include <algorithm>

#include "core/check.h"

namespace fidelio::synth {
namespace {

using nlohmann::json;

std::int64_t first_of(const json& config, std::initializer_list<const char*> keys,
                      std::int64_t otherwise) {
  for (const char* key : keys) {
    if (const auto found = config.find(key); found != config.end() && found->is_number_integer())
      return found->get<std::int64_t>();
  }
  return otherwise;
}

class Lister {
 public:
  explicit Lister(const Architecture& architecture) : a_(architecture) {}

  std::vector<ModelTensor> list() {
    add(Part::embedding, {a_.vocab_size, a_.hidden_size});
    for (std::int64_t layer = 0; layer < a_.num_hidden_layers; ++layer) {
      layer_ = static_cast<int>(layer);
      add(Part::attn_norm, {a_.hidden_size});
      if (a_.has_attention(layer)) {
        attention();
      } else {
        convolution();
      }
      add(Part::mlp_norm, {a_.hidden_size});
      if (a_.has_experts(layer)) {
        experts();
      } else {
        dense();
      }
    }
    layer_ = -1;
    add(Part::final_norm, {a_.hidden_size});
    if (!a_.tied) add(Part::head, {a_.vocab_size, a_.hidden_size});
    return std::move(tensors_);
  }

 private:
  void add(Part part, std::vector<std::int64_t> shape) {
    tensors_.push_back({part, layer_, std::move(shape)});
  }

  void attention() {
    const std::int64_t q = a_.heads * a_.head_dim;
    const std::int64_t kv = a_.kv_heads * a_.head_dim;
    add(Part::q_proj, {q, a_.hidden_size});
    add(Part::k_proj, {kv, a_.hidden_size});
    add(Part::v_proj, {kv, a_.hidden_size});
    add(Part::o_proj, {a_.hidden_size, q});
    if (a_.model_type == "gpt_oss") {
      add(Part::q_bias, {q});
      add(Part::k_bias, {kv});
      add(Part::v_bias, {kv});
      add(Part::o_bias, {a_.hidden_size});
      add(Part::sinks, {a_.heads});
    }
    const bool each_head =
        a_.model_type == "qwen3" || a_.model_type == "qwen3_moe" || a_.model_type == "lfm2_moe";
    const bool whole = a_.model_type == "olmoe";
    if (!each_head && !whole) return;
    add(Part::q_norm, {each_head ? a_.head_dim : q});
    add(Part::k_norm, {each_head ? a_.head_dim : kv});
  }

  void convolution() {
    add(Part::conv_in, {3 * a_.hidden_size, a_.hidden_size});
    add(Part::conv_taps, {a_.hidden_size, a_.conv_taps});
    add(Part::conv_out, {a_.hidden_size, a_.hidden_size});
  }

  void dense() {
    add(Part::gate, {a_.intermediate_size, a_.hidden_size});
    add(Part::up, {a_.intermediate_size, a_.hidden_size});
    add(Part::down, {a_.hidden_size, a_.intermediate_size});
  }

  void experts() {
    const std::int64_t n = a_.num_experts;
    const bool biases = a_.model_type == "gpt_oss";
    add(Part::router, {n, a_.hidden_size});
    if (biases) add(Part::router_bias, {n});
    if (a_.model_type == "lfm2_moe") add(Part::expert_bias, {n});
    add(Part::experts_gate, {n, a_.expert_size, a_.hidden_size});
    add(Part::experts_up, {n, a_.expert_size, a_.hidden_size});
    add(Part::experts_down, {n, a_.hidden_size, a_.expert_size});
    if (!biases) return;
    add(Part::experts_gate_bias, {n, a_.expert_size});
    add(Part::experts_up_bias, {n, a_.expert_size});
    add(Part::experts_down_bias, {n, a_.hidden_size});
  }

  const Architecture& a_;
  int layer_ = -1;
  std::vector<ModelTensor> tensors_;
};

}  // namespace

bool is_experts(Part part) { return part >= Part::experts_gate; }

bool is_norm(Part part) {
  return part == Part::final_norm || part == Part::attn_norm || part == Part::mlp_norm ||
         part == Part::q_norm || part == Part::k_norm;
}

bool is_quantizable(Part part) {
  switch (part) {
    case Part::embedding:
    case Part::head:
    case Part::q_proj:
    case Part::k_proj:
    case Part::v_proj:
    case Part::o_proj:
    case Part::conv_in:
    case Part::conv_out:
    case Part::gate:
    case Part::up:
    case Part::down:
    case Part::router:
    case Part::experts_gate:
    case Part::experts_up:
    case Part::experts_down:
      return true;
    default:
      return false;
  }
}

Architecture::Architecture(const json& config)
    : model_type(config.at("model_type")),
      hidden_size(config.at("hidden_size")),
      num_hidden_layers(config.at("num_hidden_layers")),
      heads(config.at("num_attention_heads")),
      kv_heads(config.at("num_key_value_heads")),
      head_dim(first_of(config, {"head_dim"}, hidden_size / heads)),
      vocab_size(config.at("vocab_size")),
      intermediate_size(config.at("intermediate_size")),
      num_experts(first_of(config, {"num_experts", "num_local_experts"}, 0)),
      top_k(first_of(config, {"num_experts_per_tok"}, 0)),
      conv_taps(first_of(config, {"conv_L_cache"}, 0)),
      dense_layers(first_of(config, {"num_dense_layers"}, 0)),
      tied(config.value("tie_word_embeddings", false)),
      normalized_routing(config.value("norm_topk_prob", true)) {
  FIDELIO_CHECK(num_hidden_layers >= 1 && hidden_size >= 1 && vocab_size >= 1);
  expert_size = first_of(config, {"moe_intermediate_size"}, intermediate_size);
  if (const auto types = config.find("layer_types"); types != config.end())
    layer_types = types->get<std::vector<std::string>>();
}

bool Architecture::has_attention(std::int64_t layer) const {
  return layer_types.empty() || layer_types.at(static_cast<std::size_t>(layer)) != "conv";
}

std::vector<ModelTensor> model_tensors(const Architecture& architecture) {
  return Lister(architecture).list();
}

}  // namespace fidelio::synth
