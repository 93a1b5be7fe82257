// An added token as tokenizer.json and tokenizer_config.json write it.
#pragma once

#include <string>

#include "core/tokenizers/added_tokens.h"
#include "core/tokenizers/json_step.h"
#include "core/tokenizers/vocabulary.h"

namespace fidelio::tokenizers {

/// Everything but the id. Throws UserError for a missing content and for fields of other types.
inline AddedToken read_added_token(const nlohmann::json& value, const std::string& where,
                                   const std::string& key) {
  const JsonStep step(value, where, key);
  AddedToken token;
  token.content = step.text("content");
  token.special = step.flag("special", false);
  token.single_word = step.flag("single_word", false);
  token.lstrip = step.flag("lstrip", false);
  token.rstrip = step.flag("rstrip", false);
  token.normalized = step.flag("normalized", !token.special);
  return token;
}

}  // namespace fidelio::tokenizers
