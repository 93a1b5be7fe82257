// The text of generated ids while they are being generated. Whole sequences are
// Tokenizer::decode's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/tokenizer.h"

namespace fidelio {

/// Put together, all that feed() and finish() return is what Tokenizer::decode makes of the ids.
/// Characters whose bytes come in several ids are held back until they are whole. Borrows the
/// tokenizer; for one thread.
class StreamingDecoder {
 public:
  explicit StreamingDecoder(const Tokenizer& tokenizer);
  StreamingDecoder(StreamingDecoder&&) noexcept;
  StreamingDecoder& operator=(StreamingDecoder&&) noexcept;
  ~StreamingDecoder();

  /// The text that is certain now that `id` came, often "". Throws as Tokenizer::decode does.
  std::string feed(std::int32_t id);
  /// What was held back. Nothing may be fed after it.
  std::string finish();

 private:
  std::unique_ptr<tokenizers::TextStream> stream_;
};

}  // namespace fidelio
