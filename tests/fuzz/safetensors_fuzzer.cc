// Any bytes as a .safetensors file: an error, or tensors whose bytes all lie inside the file.
#include <cstdlib>

#include "core/safetensors.h"
#include "core/user_error.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fidelio::fuzz::MemoryFile file(data, size);
  try {
    const auto opened = fidelio::open_safetensors(file.path());
    unsigned sum = 0;
    for (const fidelio::TensorInfo& tensor : opened.tensors()) {
      for (const std::byte byte : tensor.bytes) sum += std::to_integer<unsigned>(byte);
      if (opened.find(tensor.name) != &tensor) std::abort();
    }
    static volatile unsigned sink;
    sink = sum;
  } catch (const fidelio::UserError&) {
  }
  return 0;
}
