// What one decoded token must read from memory: the numerator of the roofline share.
#pragma once

#include <cstdint>

#include "core/plan.h"

namespace fidelio {

/// Bytes of weights and scales that a one-token step of `plan` reads (each chosen expert once; one
/// row of the embedding) plus the cache of `context` positions, keys and values.
double decode_bytes(const Plan& plan, const ModelConfig& config, double context);

}  // namespace fidelio
