// The rotary part of config.json: rope_theta, rope_scaling or rope_parameters, rope_traditional.
// The frequencies that follow from it are core/families/rope_frequencies.h.
#pragma once

#include "core/config.h"
#include "core/config_family.h"
#include "core/config_reader.h"

namespace fidelio {

/// Fills rope_theta, rope_scaling and rope_traditional. Throws UserError for a scaling that no
/// graph builder implements.
void read_rope(const ConfigReader& config, const ConfigFamily& family, ModelConfig& out);

}  // namespace fidelio
