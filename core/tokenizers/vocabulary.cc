#include "core/tokenizers/vocabulary.h"

#include <fmt/format.h>

#include <utility>

#include "core/check.h"
#include "core/quote.h"
#include "core/user_error.h"

namespace fidelio::tokenizers {

void Vocabulary::add(std::string token, std::int32_t id, const std::string& where) {
  FIDELIO_CHECK(id >= 0 && id <= kMaxId);
  const auto index = static_cast<std::size_t>(id);
  if (index >= tokens_.size()) tokens_.resize(index + 1, nullptr);
  if (tokens_[index] != nullptr) {
    throw UserError(fmt::format("{}: found the id {} for {} and for {}, expected it once", where,
                                id, quote(*tokens_[index]), quote(token)));
  }
  const auto [place, is_new] = ids_.emplace(std::move(token), id);
  if (!is_new) {
    throw UserError(
        fmt::format("{}: found the token {} twice, expected it once", where, quote(place->first)));
  }
  tokens_[index] = &place->first;
}

std::optional<std::int32_t> Vocabulary::find(std::string_view token) const {
  const auto place = ids_.find(token);
  return place == ids_.end() ? std::nullopt : std::optional(place->second);
}

const std::string* Vocabulary::token(std::int32_t id) const {
  const auto index = static_cast<std::size_t>(id);
  return id < 0 || index >= tokens_.size() ? nullptr : tokens_[index];
}

}  // namespace fidelio::tokenizers
