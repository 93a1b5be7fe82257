// The fields of tokenizer_config.json that tokenizers of every kind need. Chat templates are
// nobody's here.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/tokenizers/added_tokens.h"

namespace fidelio::tokenizers {

struct Settings {
  std::filesystem::path file;
  bool present = false;  ///< the file is there
  std::optional<std::string> tokenizer_class;
  std::optional<bool> add_bos_token;
  bool add_eos_token = false;
  bool add_prefix_space = false;
  std::optional<std::string> bos_token;
  std::optional<std::string> eos_token;
  std::optional<std::string> unk_token;
  std::optional<std::string> pad_token;
  std::vector<std::string> additional_special_tokens;
  std::vector<AddedToken> added_tokens;  ///< added_tokens_decoder
};

/// `dir`/tokenizer_config.json; everything absent without it. Throws UserError when it is
/// unreadable or a field has another type.
Settings read_settings(const std::filesystem::path& dir);

}  // namespace fidelio::tokenizers
