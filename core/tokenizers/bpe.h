// Byte-pair encoding of one word: characters, then the merges in the order in which they were
// learnt. Cutting texts into words is core/tokenizers/pre_tokenizer.h's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/tokenizers/vocabulary.h"

namespace fidelio::tokenizers {

struct BpeOptions {
  std::optional<std::int32_t> unk_id;  ///< for characters that are no token; without it they vanish
  bool fuse_unk = false;               ///< neighbouring unknown characters are one unk_id
  bool byte_fallback = false;          ///< unknown characters as <0xNN> tokens, where all exist
  bool ignore_merges = false;          ///< a word that is a token is that token
};

/// Immutable once the merges are in.
class Bpe {
 public:
  Bpe(Vocabulary vocabulary, const BpeOptions& options);

  /// The next merge in rank. Throws UserError beginning with `where` when `left`, `right` or the
  /// two together are no token. A pair that comes again takes the later rank, as it does in the
  /// `tokenizers` package.
  void add_merge(std::string_view left, std::string_view right, const std::string& where);

  /// Appends the ids of `word`, well-formed UTF-8. Takes O(n log n) for n bytes.
  void encode(std::string_view word, std::vector<std::int32_t>& ids) const;

  const Vocabulary& vocabulary() const { return vocabulary_; }

 private:
  struct Merge {
    std::uint32_t rank;
    std::int32_t id;
  };
  std::vector<std::int32_t> characters(std::string_view word) const;
  bool add_bytes(std::string_view character, std::vector<std::int32_t>& ids) const;
  const Merge* merge_of(std::int32_t left, std::int32_t right) const;

  Vocabulary vocabulary_;
  BpeOptions options_;
  std::array<std::int32_t, 256> byte_ids_;  // of <0xNN>; -1 where there is none
  std::unordered_map<std::uint64_t, Merge> merges_;
  std::uint32_t n_merges_ = 0;

  friend class WordMerger;
};

}  // namespace fidelio::tokenizers
