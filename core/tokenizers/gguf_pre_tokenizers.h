// How texts are cut before byte-level byte-pair encoding, by the name that a GGUF file has for it.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace fidelio::tokenizers {

struct GgufPreTokenizer {
  std::string_view name;                       ///< tokenizer.ggml.pre
  std::span<const std::string_view> patterns;  ///< cut at one after the other, matches and gaps
  bool ignore_merges = false;                  ///< a word that is a token is that token
  bool add_bos = false;                        ///< where tokenizer.ggml.add_bos_token is absent
  bool nfc = false;                            ///< texts in normal form C first
};

/// nullptr for a name that is not known.
const GgufPreTokenizer* find_gguf_pre_tokenizer(std::string_view name);

/// The known names, for messages.
std::string gguf_pre_tokenizer_names();

}  // namespace fidelio::tokenizers
