// Copies of tensors with their last two dimensions exchanged, for checkpoints that keep x @ W: the
// only weights that are not read in place. Whose tensors those are is core/checkpoint.h.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "core/safetensors.h"

namespace fidelio {

/// Made when first asked for and kept as long as this object; each takes as much memory as the
/// tensor, whose own pages the system may then drop (the experts of a bfloat16 gpt-oss-20b: 38 GB).
class TransposedTensors {
 public:
  /// The elements of `tensor` [n, rows, cols], `element_bytes` each, as [n, cols, rows].
  /// tensor.bytes must hold exactly these.
  std::span<const std::byte> get(const TensorInfo& tensor, std::size_t n, std::size_t rows,
                                 std::size_t cols, std::size_t element_bytes);

 private:
  std::mutex mutex_;
  std::map<std::string, std::vector<std::byte>> copies_;
};

}  // namespace fidelio
