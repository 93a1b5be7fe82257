// Published tokenizer files write their patterns for Oniguruma; PCRE2 reads much of that syntax
// otherwise. Translation alone: compiling and matching are core/tokenizers/regex.h's.
#pragma once

#include <string>
#include <string_view>

namespace fidelio::tokenizers {

/// A pattern for PCRE2 (UTF, UCP, multiline) that matches what Oniguruma matches with `pattern`:
/// \s \w \b by Unicode's own definitions, \p{Han} by script, not script extensions, {n,m}+ as a
/// repetition, [A&&[^B]] as an intersection. Throws UserError beginning with `where` for what the
/// two engines read differently and this does not translate (back references, named groups, inline
/// options but (?i:, nested classes, ...).
/// Source: Oniguruma 6.9 doc/RE, pcre2pattern(3).
std::string oniguruma_to_pcre2(std::string_view pattern, const std::string& where);

}  // namespace fidelio::tokenizers
