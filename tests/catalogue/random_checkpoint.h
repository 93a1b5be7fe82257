// Seeded random checkpoints: an oracle's config and tensors with other values of the same scale,
// and on request a router whose experts tie.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "tests/support/temp_dir.h"
#include "validate/loaded_model.h"

namespace fidelio::catalogue {

class RandomCheckpoint {
 public:
  /// Every tensor of the oracle in `folder` with its elements shuffled: the same values, hence the
  /// same scale, at other places. Scales and biases of a quantised tensor move together. With
  /// `ties` the routers' rows are drawn together in groups that the top k cannot hold whole, apart
  /// by 2^-20 of their size: less than rounding moves router logits now and then.
  RandomCheckpoint(const std::string& folder, std::uint32_t seed, bool ties);

  const LoadedModel& model() const { return *model_; }
  /// Ties are made in float32 routers only: a step of a quantised row is no rounding error.
  static bool can_tie(const std::string& folder);

 private:
  testing::TempDir dir_;
  std::unique_ptr<const LoadedModel> model_;
};

}  // namespace fidelio::catalogue
