// "did you mean": the nearest of a list of names to what somebody typed. For models, patches,
// flags, tensors. Which names exist, and where a suggestion is printed, is the caller's business.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace fidelio {

/// Fewest insertions, deletions, substitutions and exchanges of two neighbouring bytes that turn
/// `a` into `b`, no byte edited twice (optimal string alignment, the restricted Damerau-Levenshtein
/// distance).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `name`, the first of equals. None when even that one differs by more
/// than a third of the longer name (at least one edit is always allowed), so that no far-fetched
/// name is suggested.
std::optional<std::string> nearest_name(std::string_view name,
                                        std::span<const std::string> candidates);

/// "; did you mean "x"?" for the nearest candidate, or "" without one. Ready to be put after a
/// message.
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

}  // namespace fidelio
