// The keys that LFM2's config.json has and others do not: short convolutions, and the width of its
// dense FFN.
#pragma once

#include "core/config.h"
#include "core/config_reader.h"

namespace fidelio {

/// Fills conv_L_cache and conv_bias. Throws UserError.
void read_short_conv(const ConfigReader& config, ModelConfig& out);

/// The dense FFN's width: `intermediate_size` (`block_ff_dim` in older configs), which lfm2 shrinks
/// to two thirds and rounds up to `block_multiple_of` when `block_auto_adjust_ff_dim`. Throws
/// UserError. Source: transformers' Lfm2MLP.
std::int64_t read_lfm2_width(const ConfigReader& config, const std::string& model_type);

}  // namespace fidelio
