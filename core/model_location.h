// Where a model given by name is looked for. Reading what is found there is core/checkpoint.h.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace fidelio {

/// The folders of named models, in search order: $FIDELIO_MODELS when set, `models/` of the source
/// tree, and
/// `../share/fidelio/models` beside the running binary.
std::vector<std::filesystem::path> model_folders();

/// resolve_model (core/checkpoint.h) with the folders given: `model` as a directory that holds
/// config.json, else a bare name in the first of `folders` that has it. Throws UserError naming
/// every path tried and the nearest name.
std::filesystem::path resolve_model_in(const std::string& model,
                                       std::span<const std::filesystem::path> folders);

}  // namespace fidelio
