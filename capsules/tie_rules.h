// Ties: whether rounding explains another choice of experts or of a token. The noise that a gap or
// a margin is held to is the baseline's and the naive kernels' own, never the patched arm's.
// Internal to capsules/.
#pragma once

#include "capsules/fidelity_index.h"
#include "capsules/finding.h"

namespace fidelio {

/// A margin is a tie up to this many sigma.
inline constexpr double kTieFactor = 3;
/// A gap of router logits up to this many noises: of some thousand harmless flips one lay at 3.4
/// (docs/decisions.md).
inline constexpr double kFlipTieFactor = 5;
/// Either of approximate patches: their noise meets thousands of near ties where that of float32
/// meets a few, and is uneven from token to token. A wrong choice on the right logits is the site
/// test's to find.
inline constexpr double kApproximateTieFactor = 8;

double tie_factor(NumericsClass numerics);
double flip_tie_factor(NumericsClass numerics);

/// Fewer sampled steps give no sigma.
inline constexpr std::int64_t kMinSigmaSteps = 64;

/// The larger of both noises; NaN where one is no finite number.
double noise_of(const RouterNoiseRecord& noise);
double sigma_of(const ReferenceRecord& reference);

/// A reference of enough steps for sigma, or nullptr.
const ReferenceRecord* sigma_source(const FidelityIndex& index, std::int64_t prompt);
/// The noise of a layer that was sampled, or nullptr.
const RouterNoiseRecord* noise_source(const FidelityIndex& index, std::int64_t layer);

/// A route flip that is no tie. Among bit_exact patches each is a defect. Flips of a layer without
/// noise are left to missing_class_evidence.
Finding find_defective_flip(const FidelityIndex& index);

/// A best token of a routed comparison that changes though its margin is no tie. One without a
/// margin or a sigma is left to missing_class_evidence.
Finding find_defective_change(const FidelityIndex& index);

}  // namespace fidelio
