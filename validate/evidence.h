// How much a generated sequence can prove: a thousand ids of a loop are not a thousand tokens of
// evidence.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace fidelio {

/// Distinct 4-grams over all 4-grams, 0 to 1; 1 for fewer than four ids.
double distinct_4gram_share(std::span<const std::int32_t> ids);

/// The first index from which the ids repeat with a fixed period to the end, at least three times
/// and over at least 32 ids; nullopt where they do not.
std::optional<std::int64_t> loop_start(std::span<const std::int32_t> ids);

/// True when the two largest logits are closer than 0.1% of the largest magnitude.
bool has_small_margin(std::span<const float> logits);

}  // namespace fidelio
