// The older form of a byte-level tokenizer: vocab.json, merges.txt and tokenizer_config.json, whose
// tokenizer_class stands for the rest of what a tokenizer.json spells out.
#pragma once

#include <filesystem>
#include <memory>

#include "core/tokenizers/settings.h"
#include "core/tokenizers/tokenizer_model.h"

namespace fidelio::tokenizers {

/// `dir`/vocab.json and `dir`/merges.txt as transformers' Qwen2Tokenizer and GPT2Tokenizer (and the
/// same names with Fast) use them. Throws UserError for another tokenizer_class, for special tokens
/// that no file gives an id, and for what tokenizer.json would be refused for.
std::unique_ptr<TokenizerModel> open_vocab_merges(const std::filesystem::path& dir,
                                                  const Settings& settings);

}  // namespace fidelio::tokenizers
