// The ids that end a text: `eos_token_id` of config.json and of generation_config.json, where the
// longer list often stands.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/config_reader.h"

namespace fidelio {

/// `eos_token_id`, a number or a list. Ids that a model of this vocab_size cannot emit (-1, ids of
/// an embedding that was never resized) end nothing and are left out. Throws UserError for what is
/// no integer.
std::vector<std::int64_t> read_eos_token_ids(const ConfigReader& config, std::int64_t vocab_size);

/// `from_config` and what `dir`/generation_config.json adds, each once. Throws UserError when that
/// file is there and unreadable.
std::vector<std::int64_t> all_eos_token_ids(const std::filesystem::path& dir,
                                            std::vector<std::int64_t> from_config,
                                            std::int64_t vocab_size);

}  // namespace fidelio
