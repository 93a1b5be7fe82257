// sentencepiece's own files (tokenizer.model), read by sentencepiece.
#pragma once

#include <filesystem>
#include <memory>

#include "core/tokenizers/settings.h"
#include "core/tokenizers/tokenizer_model.h"

namespace fidelio::tokenizers {

/// One sentencepiece file. Prompts begin with bos when `settings` says add_bos_token, or says
/// nothing and the file has a bos id, as Llama's tokenizers do. Throws UserError when the file is
/// unreadable or corrupt, and for an add_bos_token without a bos id. encode and decode throw
/// UserError when the model turns out to be inconsistent.
std::unique_ptr<TokenizerModel> open_sentencepiece(const std::filesystem::path& file,
                                                   const Settings& settings);

}  // namespace fidelio::tokenizers
