// GPT-2's one visible character for every byte, in which byte-level vocabularies are written.
#pragma once

#include <string>
#include <string_view>

namespace fidelio::tokenizers {

/// Every byte of `text` as its character.
std::string to_byte_characters(std::string_view text);

/// The bytes that `piece` stands for; `piece` itself when one of its characters stands for none.
std::string from_byte_characters(std::string_view piece);

}  // namespace fidelio::tokenizers
