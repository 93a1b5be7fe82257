// Where a checkpoint may hold a parameter, as a graph spells it: a tensor's path, which of its
// rows, and whether it lies transposed. Which tensors exist, and what they hold, is
// core/checkpoint.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fidelio {

/// One of `parts` equal sets of a tensor's rows. Interleaved: every parts-th row from `part` on
/// (GPT-OSS keeps the rows of gate_proj and up_proj so); else the part-th run of neighbours.
struct RowSelector {
  std::int64_t parts = 1;
  std::int64_t part = 0;
  bool interleaved = false;

  /// The first row, and the distance to the next, of `rows` selected ones.
  std::int64_t first(std::int64_t rows) const { return interleaved ? part : part * rows; }
  std::int64_t step() const { return interleaved ? parts : 1; }

  bool operator==(const RowSelector&) const = default;
};

/// A parameter's source taken apart: "path", "path[1::2]", "path.T[:half]", ...
struct TensorSource {
  std::string path;         ///< `*` stands for the expert
  bool transposed = false;  ///< `.T`: [in, out], as transformers keeps the experts of GPT-OSS
  RowSelector rows;

  bool per_expert() const { return path.find('*') != std::string::npos; }
  /// The same with `*` replaced; unchanged without one.
  TensorSource of_expert(std::int64_t expert) const;

  bool operator==(const TensorSource&) const = default;
};

/// `text` is a path, then `.T` where the tensor is transposed, then at most one selector of rows:
/// `[i::n]` (from row i every n-th, i < n, 2 <= n <= 99), `[:half]` or `[half:]`. nullopt for
/// anything else with brackets.
std::optional<TensorSource> parse_tensor_source(const std::string& text);

}  // namespace fidelio
