// The mixture-of-experts part of config.json: how many experts, how they are chosen and weighed.
#pragma once

#include "core/config.h"
#include "core/config_family.h"
#include "core/config_reader.h"

namespace fidelio {

/// Fills the experts' keys; num_hidden_layers has been read. Throws UserError.
void read_experts(const ConfigReader& config, const ConfigFamily& family, ModelConfig& out);

}  // namespace fidelio
