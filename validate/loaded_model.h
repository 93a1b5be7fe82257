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
  std::string id;  ///< ORG/NAME, or the last part of a path: never an absolute path
  std::optional<std::string> revision;  ///< the commit, of a model in the hub cache
  Checkpoint checkpoint;
  Graph graph;  ///< the baseline
  ModelWeights weights;
  std::optional<Tokenizer> tokenizer;
  std::vector<std::int64_t> eos_token_ids;  ///< of config.json and generation_config.json

  const ModelConfig& config() const { return checkpoint.config(); }
};

/// Opens MODEL (core/model_location.h) and resolves every parameter of its graph. Throws UserError,
/// also for tensors that the graph does not use, and, unless `allow_swap`, for weights that are to
/// be read into memory which has no room for them.
std::unique_ptr<const LoadedModel> load_model(const std::string& model,
                                              LoadMode mode = LoadMode::mmap,
                                              bool allow_swap = false);

/// "mmap" or "read", as --load spells them.
LoadMode parse_load_mode(const std::string& name);

}  // namespace fidelio
