// An oracle's checkpoint with a longer context, so that 1000 ids fit: the same weights under a
// config.json whose max_position_embeddings is larger. RoPE of these families depends on nothing
// else there.
#pragma once

#include <memory>
#include <string>

#include "tests/support/temp_dir.h"
#include "validate/loaded_model.h"

namespace fidelio::catalogue {

class ModelWithRoom {
 public:
  /// `folder` under tests/data/oracles.
  explicit ModelWithRoom(const std::string& folder);
  const LoadedModel& model() const { return *model_; }

 private:
  testing::TempDir dir_;
  std::unique_ptr<const LoadedModel> model_;
};

}  // namespace fidelio::catalogue
