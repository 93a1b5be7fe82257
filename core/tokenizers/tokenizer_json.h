// Reading tokenizer.json, the file of the `tokenizers` package. What its parts do is the business
// of the files they are read by.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/tokenizers/settings.h"
#include "core/tokenizers/tokenizer_model.h"

namespace fidelio::tokenizers {

/// `file` with the bos_token and eos_token of `settings`. Its post_processor alone decides what is
/// put around prompts. Throws UserError, naming file, key, found and expected, for what is corrupt
/// and for everything that is not implemented.
std::unique_ptr<TokenizerModel> open_tokenizer_json(const std::filesystem::path& file,
                                                    const Settings& settings);

/// The same of a document in memory; messages begin with `where`.
std::unique_ptr<TokenizerModel> tokenizer_of_json(const nlohmann::json& document,
                                                  const std::string& where,
                                                  const Settings& settings);

}  // namespace fidelio::tokenizers
