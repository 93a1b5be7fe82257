// Any bytes as a GGUF file: an error, or a file whose tensors lie inside it, and then whatever its
// metadata says: a config, tensor names, a tokenizer that encodes and decodes.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/config.h"
#include "core/gguf/gguf_model.h"
#include "core/gguf/gguf_parts.h"
#include "core/streaming_decoder.h"
#include "core/tokenizer.h"
#include "core/user_error.h"

namespace {

namespace fs = std::filesystem;

/// A folder in memory where there is one: readers of models look at a file's name.
const fs::path& folder() {
  static const fs::path kFolder = [] {
    const fs::path memory = "/dev/shm";
    const fs::path root = fs::is_directory(memory) ? memory : fs::temp_directory_path();
    std::string name = (root / "fidelio-fuzz-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    return fs::path(name);
  }();
  return kFolder;
}

template <typename Action>
void refusing(Action&& action) {
  try {
    action();
  } catch (const fidelio::UserError&) {
  }
}

void read_tensors(const fs::path& file) {
  const auto opened = fidelio::GgufFile::open(file);
  unsigned sum = 0;
  for (const fidelio::GgufTensor& tensor : opened.tensors()) {
    for (const std::byte byte : tensor.bytes) sum += std::to_integer<unsigned>(byte);
  }
  static volatile unsigned sink;
  sink = sum;
}

void read_model(const fs::path& file) {
  const fidelio::GgufModel model = fidelio::open_gguf_model(file);
  for (const fidelio::TensorFile& part : model.tensors.files()) {
    for (const fidelio::TensorInfo& tensor : part.tensors()) {
      if (model.tensors.find(tensor.name) != &tensor) std::abort();
    }
  }
  fidelio::parse_config(model.config.text, "m.gguf", model.config.sources);
}

void read_tokenizer(const fs::path& file) {
  const auto tokenizer = fidelio::Tokenizer::open(file);
  if (!tokenizer) return;
  const auto ids = tokenizer->encode_prompt("Once ab  ba a time, 12 e\u0301 <s> don't <tool>");
  fidelio::StreamingDecoder stream(*tokenizer);
  std::string streamed;
  for (const std::int32_t id : ids) {
    if (id < 0 || id >= tokenizer->vocab_size()) std::abort();
    streamed += stream.feed(id);
  }
  if (streamed + stream.finish() != tokenizer->decode(ids)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fs::path file = folder() / "m.gguf";
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  refusing([&] { read_tensors(file); });
  refusing([&] { read_model(file); });
  refusing([&] { read_tokenizer(file); });
  return 0;
}
