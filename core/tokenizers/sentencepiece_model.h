// sentencepiece's own files (tokenizer.model), read by sentencepiece.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "core/tokenizers/settings.h"
#include "core/tokenizers/tokenizer_model.h"

namespace fidelio::tokenizers {

/// One sentencepiece file. Prompts begin with bos when `settings` says add_bos_token, or says
/// nothing and the file has a bos id, as Llama's tokenizers do, and end with eos when it says
/// add_eos_token and the file has an eos id. Throws UserError when the file is
/// unreadable or corrupt, and for an add_bos_token without a bos id. encode and decode throw
/// UserError when the model turns out to be inconsistent.
std::unique_ptr<TokenizerModel> open_sentencepiece(const std::filesystem::path& file,
                                                   const Settings& settings);

/// The same of a file's bytes; messages begin with `where`.
std::unique_ptr<TokenizerModel> sentencepiece_of_proto(const std::string& proto,
                                                       const std::string& where,
                                                       const Settings& settings);

}  // namespace fidelio::tokenizers
