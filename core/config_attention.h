// The attention part of config.json: heads, head_dim, biases, sliding windows.
#pragma once

#include "core/config.h"
#include "core/config_family.h"
#include "core/config_reader.h"

namespace fidelio {

/// Fills the heads, head_dim, attention_bias, sliding_window and layer_types; hidden_size and
/// num_hidden_layers have been read. Throws UserError.
void read_attention(const ConfigReader& config, const ConfigFamily& family, ModelConfig& out);

}  // namespace fidelio
