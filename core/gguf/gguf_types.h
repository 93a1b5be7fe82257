// The tensor types of GGUF files: what their numbers are called and how many bytes a block of
// elements takes. How the blocks are read is the kernels' business (kernels/weights.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fidelio {

struct GgufTensorType {
  std::uint32_t id;
  std::string_view name;  ///< ggml's, which TensorInfo::dtype carries
  std::uint32_t block_elements;
  std::uint32_t block_bytes;
  bool readable;  ///< a kernel reads it
};

/// nullptr for an id that this table does not have.
const GgufTensorType* find_gguf_tensor_type(std::uint32_t id);

/// The names of those that kernels read, for messages: "F32, F16, ...".
std::string readable_gguf_types();

}  // namespace fidelio
