// A random MLX 4-bit Qwen3-MoE checkpoint with the layer shapes of Qwen3-30B-A3B and fewer layers,
// for benchmarks that need weights larger than any cache. Values are sane (no overflow, experts
// spread); they mean nothing.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

namespace fidelio::bench {

struct SyntheticShape {
  std::int64_t layers = 6;
  std::int64_t hidden = 2048;
  std::int64_t heads = 32;
  std::int64_t kv_heads = 4;
  std::int64_t head_dim = 128;
  std::int64_t experts = 128;
  std::int64_t top_k = 8;
  std::int64_t inter = 768;
  std::int64_t vocab = 32768;
  int bits = 4;
};

class SyntheticCheckpoint {
 public:
  /// Writes config.json and model.safetensors into `dir`, tensor by tensor.
  SyntheticCheckpoint(const SyntheticShape& shape, const std::filesystem::path& dir)
      : shape_(shape) {
    list_tensors();
    write_config(dir / "config.json");
    write_tensors(dir / "model.safetensors");
  }

 private:
  struct Tensor {
    std::string name;
    std::string dtype;  // "U32": random codes; "BF16": one repeated value
    std::vector<std::int64_t> shape;
    std::uint16_t value = 0;
    std::int64_t bytes() const {
      std::int64_t n = dtype == "U32" ? 4 : 2;
      for (const std::int64_t d : shape) n *= d;
      return n;
    }
  };

  static std::uint16_t bf16(float value) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, 4);
    return static_cast<std::uint16_t>(bits >> 16);
  }

  /// Codes around zero with a spread of one over the square root of the inner dimension.
  void matrix(const std::string& path, std::vector<std::int64_t> outer, std::int64_t cols) {
    const float levels = shape_.bits == 4 ? 16.0F : 256.0F;
    const float scale = 3.4F / levels / std::sqrt(static_cast<float>(cols));
    const auto with = [&](std::int64_t last) {
      std::vector<std::int64_t> dims = outer;
      dims.push_back(last);
      return dims;
    };
    tensors_.push_back({path + ".weight", "U32", with(cols * shape_.bits / 32)});
    tensors_.push_back({path + ".scales", "BF16", with(cols / 64), bf16(scale)});
    tensors_.push_back({path + ".biases", "BF16", with(cols / 64), bf16(-scale * levels / 2)});
  }
  void norm(const std::string& path, std::int64_t size) {
    tensors_.push_back({path + ".weight", "BF16", {size}, bf16(1.0F)});
  }

  void list_tensors() {
    const SyntheticShape& s = shape_;
    matrix("model.embed_tokens", {s.vocab}, s.hidden);
    for (std::int64_t l = 0; l < s.layers; ++l) {
      const std::string layer = "model.layers." + std::to_string(l) + ".";
      norm(layer + "input_layernorm", s.hidden);
      norm(layer + "post_attention_layernorm", s.hidden);
      matrix(layer + "self_attn.q_proj", {s.heads * s.head_dim}, s.hidden);
      matrix(layer + "self_attn.k_proj", {s.kv_heads * s.head_dim}, s.hidden);
      matrix(layer + "self_attn.v_proj", {s.kv_heads * s.head_dim}, s.hidden);
      matrix(layer + "self_attn.o_proj", {s.hidden}, s.heads * s.head_dim);
      norm(layer + "self_attn.q_norm", s.head_dim);
      norm(layer + "self_attn.k_norm", s.head_dim);
      matrix(layer + "mlp.gate", {s.experts}, s.hidden);
      matrix(layer + "mlp.switch_mlp.gate_proj", {s.experts, s.inter}, s.hidden);
      matrix(layer + "mlp.switch_mlp.up_proj", {s.experts, s.inter}, s.hidden);
      matrix(layer + "mlp.switch_mlp.down_proj", {s.experts, s.hidden}, s.inter);
    }
    norm("model.norm", s.hidden);
    matrix("lm_head", {s.vocab}, s.hidden);
  }

  void write_config(const std::filesystem::path& file) const {
    const SyntheticShape& s = shape_;
    const nlohmann::json quantization = {{"group_size", 64}, {"bits", s.bits}};
    const nlohmann::json config = {{"model_type", "qwen3_moe"},
                                   {"hidden_size", s.hidden},
                                   {"intermediate_size", s.inter},
                                   {"moe_intermediate_size", s.inter},
                                   {"num_hidden_layers", s.layers},
                                   {"num_attention_heads", s.heads},
                                   {"num_key_value_heads", s.kv_heads},
                                   {"head_dim", s.head_dim},
                                   {"vocab_size", s.vocab},
                                   {"max_position_embeddings", 40960},
                                   {"rms_norm_eps", 1e-6},
                                   {"rope_theta", 1e6},
                                   {"tie_word_embeddings", false},
                                   {"num_experts", s.experts},
                                   {"num_experts_per_tok", s.top_k},
                                   {"norm_topk_prob", true},
                                   {"decoder_sparse_step", 1},
                                   {"mlp_only_layers", nlohmann::json::array()},
                                   {"hidden_act", "silu"},
                                   {"eos_token_id", 2},
                                   {"quantization", quantization}};
    std::ofstream(file) << config.dump(1);
  }

  void write_tensors(const std::filesystem::path& file) const {
    nlohmann::json header;
    std::int64_t at = 0;
    for (const Tensor& t : tensors_) {
      header[t.name] = {
          {"dtype", t.dtype}, {"shape", t.shape}, {"data_offsets", {at, at + t.bytes()}}};
      at += t.bytes();
    }
    const std::string text = header.dump();
    const std::uint64_t length = text.size();
    std::ofstream out(file, std::ios::binary);
    out.write(reinterpret_cast<const char*>(&length), sizeof(length));
    out << text;
    std::mt19937_64 random(11);
    for (const Tensor& t : tensors_) {
      std::vector<std::uint64_t> block(static_cast<std::size_t>(t.bytes() / 8 + 1));
      const std::uint64_t repeated = 0x0001000100010001ULL * t.value;
      for (std::uint64_t& word : block) word = t.dtype == "U32" ? random() : repeated;
      out.write(reinterpret_cast<const char*>(block.data()), t.bytes());
    }
  }

  SyntheticShape shape_;
  std::vector<Tensor> tensors_;
};

}  // namespace fidelio::bench
