// tokenizer.json's `model`: the vocabulary and the merges.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/tokenizers/bpe.h"

namespace fidelio::tokenizers {

/// {"token": id, ...}. Throws UserError for ids outside 0 to kMaxId and for ids that come twice.
Vocabulary read_vocabulary(const nlohmann::json& object, const std::string& where,
                           const std::string& key);

/// Throws UserError for a model that is not BPE, for options that are not implemented, and for
/// merges that name unknown tokens.
Bpe read_bpe(const nlohmann::json& model, const std::string& where);

}  // namespace fidelio::tokenizers
