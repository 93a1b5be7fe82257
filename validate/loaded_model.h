// A model ready to run: checkpoint, unfused graph, parameters, tokenizer. Loaded once; every arm
// borrows it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/checkpoint.h"
#include "core/graph.h"
#include "core/model_weights.h"
#include "core/tokenizer.h"

namespace fidelio {

struct LoadedModel {
  std::string id;  ///< as typed, or the last part of a path: never an absolute path
  Checkpoint checkpoint;
  Graph graph;  ///< the baseline
  ModelWeights weights;
  std::optional<Tokenizer> tokenizer;

  const ModelConfig& config() const { return checkpoint.config(); }
};

/// Opens MODEL (a directory or a name in models/) and resolves every parameter of its graph. Throws
/// UserError.
std::unique_ptr<const LoadedModel> load_model(const std::string& model);

}  // namespace fidelio
