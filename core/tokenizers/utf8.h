// UTF-8 one sequence at a time: well-formed, cut short or wrong (Unicode 15, table 3-7). Properties
// of characters are core/tokenizers/regex.h's.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace fidelio::tokenizers {

inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";  // U+FFFD

struct Utf8Sequence {
  enum class Kind {
    complete,   ///< `length` bytes are one character
    cut_short,  ///< the text ends inside a character; `length` is all that is left
    invalid,    ///< no character begins with the first `length` bytes and the byte after them
  };
  Kind kind;
  std::size_t length;  ///< at least 1
};

/// The sequence that `bytes` begins with; `bytes` must not be empty.
Utf8Sequence first_sequence(std::string_view bytes);

/// Bytes of the character that begins with `lead`, in well-formed text.
std::size_t character_bytes(char lead);

/// Byte offset of the first sequence that is not well-formed.
std::optional<std::size_t> find_invalid_utf8(std::string_view text);

/// Moves the characters that are complete from the front of `bytes` to the end of `text`, every
/// invalid sequence as one U+FFFD (the maximal subparts of Unicode 15, section 3.9). What is left
/// in `bytes` is the beginning of a character, or nothing.
void take_characters(std::string& bytes, std::string& text);

}  // namespace fidelio::tokenizers
