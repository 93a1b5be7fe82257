// Tokens and their ids, both ways. How texts become tokens is core/tokenizers/bpe.h's.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace fidelio::tokenizers {

struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};
template <typename Value>
using StringMap = std::unordered_map<std::string, Value, StringHash, std::equal_to<>>;

/// The largest id a file may use. Far above any published vocabulary, and small enough that a table
/// over all ids is no attack on the memory.
inline constexpr std::int32_t kMaxId = (1 << 24) - 1;

class Vocabulary {
 public:
  /// `id` is 0 to kMaxId. Throws UserError beginning with `where` for a token or an id that is
  /// there already.
  void add(std::string token, std::int32_t id, const std::string& where);

  std::optional<std::int32_t> find(std::string_view token) const;
  const std::string* token(std::int32_t id) const;  ///< nullptr when no token has this id

  /// One more than the largest id; 0 when empty.
  std::int64_t id_bound() const { return static_cast<std::int64_t>(tokens_.size()); }

 private:
  StringMap<std::int32_t> ids_;
  std::vector<const std::string*> tokens_;  // keys of ids_, whose nodes stay where they are
};

}  // namespace fidelio::tokenizers
