// Any bytes as a tokenizer.json, and behind a NUL any bytes as a text: an error, or ids that are
// all in the vocabulary and whose streamed text is their text.
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>

#include "core/streaming_decoder.h"
#include "core/tokenizer.h"
#include "core/user_error.h"

namespace {

/// A folder in memory's file system with the one file that is rewritten for every input.
const std::filesystem::path& folder() {
  static const std::filesystem::path dir = [] {
    std::string pattern = "/dev/shm/fidelio-fuzz-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    return std::filesystem::path(pattern);
  }();
  return dir;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const std::size_t nul = input.find('\0');
  std::ofstream(folder() / "tokenizer.json", std::ios::binary) << input.substr(0, nul);
  try {
    const auto tokenizer = fidelio::Tokenizer::open(folder());
    if (!tokenizer) std::abort();
    const auto ids = tokenizer->encode(nul == std::string::npos ? "" : input.substr(nul + 1));
    fidelio::StreamingDecoder stream(*tokenizer);
    std::string streamed;
    for (const std::int32_t id : ids) {
      if (id < 0 || id >= tokenizer->vocab_size()) std::abort();
      streamed += stream.feed(id);
    }
    if (streamed + stream.finish() != tokenizer->decode(ids)) std::abort();
  } catch (const fidelio::UserError&) {
  }
  return 0;
}
