// The fields that tokenizer.json's two Metaspace steps share.
#pragma once

#include <string>

#include "core/tokenizers/json_step.h"
#include "core/tokenizers/utf8.h"

namespace fidelio::tokenizers {

struct MetaspaceFields {
  std::string replacement;  ///< one character
  std::string scheme;       ///< always, first or never
  bool split;
};

/// Throws UserError for a replacement of several characters, an unknown prepend_scheme, and an
/// add_prefix_space (older files) that contradicts it.
inline MetaspaceFields read_metaspace_fields(const JsonStep& step) {
  step.allow({"replacement", "add_prefix_space", "prepend_scheme", "split", "str_rep"});
  MetaspaceFields fields{step.text("replacement"), "always", step.flag("split", true)};
  const std::string& text = fields.replacement;
  if (text.empty() || character_bytes(text[0]) != text.size()) {
    step.reader().fail("replacement", quote(text), "one character");
  }
  if (const auto scheme = step.reader().find_string("prepend_scheme")) fields.scheme = *scheme;
  if (fields.scheme != "always" && fields.scheme != "first" && fields.scheme != "never") {
    step.reader().fail("prepend_scheme", quote(fields.scheme), "always, first or never");
  }
  if (!step.flag("add_prefix_space", true) && fields.scheme != "never") {
    step.reader().fail("add_prefix_space", "false", "prepend_scheme \"never\" with it");
  }
  return fields;
}

}  // namespace fidelio::tokenizers
