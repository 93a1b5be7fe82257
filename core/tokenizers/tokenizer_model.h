// What every kind of tokenizer answers behind core/tokenizer.h. Finding the files of a folder is
// that facade's; each kind has a file of its own beside this one.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/tokenizers/budget.h"

namespace fidelio::tokenizers {

/// The text of a sequence of ids as it grows. What feed() and finish() return, put together, is the
/// decoded text; nothing returned is ever taken back.
class TextStream {
 public:
  virtual ~TextStream() = default;
  /// The text that is certain once `id` follows what was fed before.
  virtual std::string feed(std::int32_t id) = 0;
  /// The rest. Nothing may be fed after it.
  virtual std::string finish() = 0;
};

/// Const members may be called from several threads at once.
class TokenizerModel {
 public:
  virtual ~TokenizerModel() = default;

  /// The ids of well-formed UTF-8, nothing added. The facade has checked the text. Throws UserError
  /// when patterns of the files go on once `budget` is spent.
  virtual std::vector<std::int32_t> encode(std::string_view text, const Budget& budget) const = 0;
  /// Ids put around every prompt.
  virtual std::span<const std::int32_t> prompt_prefix() const = 0;
  virtual std::span<const std::int32_t> prompt_suffix() const = 0;

  virtual std::string decode(std::span<const std::int32_t> ids) const = 0;
  virtual std::unique_ptr<TextStream> stream() const = 0;

  /// The entry of the vocabulary, not decoded; "" for an id that has none.
  virtual std::string piece(std::int32_t id) const = 0;
  virtual std::int64_t vocab_size() const = 0;
  virtual std::int32_t bos_id() const = 0;  ///< -1 when there is none
  virtual std::int32_t eos_id() const = 0;  ///< -1 when there is none
};

}  // namespace fidelio::tokenizers
