// Small random models of any family that `validate synth` knows, written as it writes large ones.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "validate/synth/published_configs.h"
#include "validate/synth/write_files.h"

namespace fidelio::testing {

/// The published config with few layers and everything small; shapes still differ from each other.
inline nlohmann::json small_config(const std::string& family) {
  const bool has_conv = family == "lfm2-8b-a1b";  // attention begins in its third layer
  nlohmann::json config = synth::with_layers(synth::published_config(family), has_conv ? 4 : 2);
  config["hidden_size"] = 128;
  config["intermediate_size"] = 192;
  if (config.contains("moe_intermediate_size")) config["moe_intermediate_size"] = 64;
  config["num_attention_heads"] = 4;
  config["num_key_value_heads"] = family == "olmoe-1b-7b" ? 4 : 2;
  if (config.contains("head_dim")) config["head_dim"] = 64;
  for (const char* experts : {"num_experts", "num_local_experts"})
    if (config.contains(experts)) config[experts] = 16;
  config["vocab_size"] = 320;
  config["max_position_embeddings"] = 4096;
  for (const char* special : {"bos_token_id", "eos_token_id", "pad_token_id"})
    config.erase(special);
  return config;
}

/// Writes the model into `folder`.
inline void write_synth(const std::filesystem::path& folder, const nlohmann::json& config,
                        const synth::FormSettings& form, std::uint64_t seed = 1,
                        std::size_t n_threads = 2, std::uint64_t shard_bytes = synth::kShardBytes) {
  Progress silent(1, false);
  const synth::StoredModel model = synth::stored_model(config, form);
  const std::vector<synth::PlannedFile> files =
      form.format == synth::Format::gguf
          ? std::vector{synth::gguf_file(model, "model.gguf")}
          : synth::safetensors_files(model, form.format, shard_bytes);
  synth::write_files(folder, files, seed, n_threads, silent);
}

}  // namespace fidelio::testing
