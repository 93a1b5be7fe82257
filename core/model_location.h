// Where a model given by name is looked for. Reading what is found there is core/checkpoint.h; the
// cache of the Hugging Face hub is core/hub_cache.h.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/hub_cache.h"

namespace fidelio {

struct ModelLocation {
  std::filesystem::path path;           ///< a directory with config.json, or a GGUF file
  std::string id;                       ///< ORG/NAME, or the last part of the path
  std::optional<std::string> revision;  ///< the commit, of a model in the hub cache
  std::optional<HubId> hub_id;          ///< of the same; whether it is whole is check_complete's
};

/// The folders of named models, in search order: $FIDELIO_MODELS when set, `models/` of the source
/// tree, and
/// `../share/fidelio/models` beside the running binary.
std::vector<std::filesystem::path> model_folders();

/// `model` as, in this order: a GGUF file, or a part of one; a directory that holds config.json, or
/// without it exactly one GGUF model; a bare name in the first of `folders` that has it; ORG/NAME
/// or ORG/NAME@REVISION in `hub_cache`. Throws UserError naming every path tried, the nearest name,
/// and for a hub id in its last line the command that downloads it.
ModelLocation locate_model_in(const std::string& model,
                              std::span<const std::filesystem::path> folders,
                              const std::filesystem::path& hub_cache);

/// The same with model_folders() and hub_cache_folder().
ModelLocation locate_model(const std::string& model);

}  // namespace fidelio
