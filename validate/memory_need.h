// How much memory a command needs on a model, reckoned before anything runs: a model that does not
// fit would be read from the disk again for every token, and its timings would be the disk's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/graph.h"

namespace fidelio {

/// Bytes.
struct MemoryNeed {
  std::uint64_t weights = 0;      ///< of the files; mapped ones count, for they are all read
  std::uint64_t caches = 0;       ///< keys and values of all arms
  std::uint64_t scratch = 0;      ///< values of the widest step, of all arms
  std::uint64_t examination = 0;  ///< what comparing and checking keeps

  std::uint64_t total() const { return weights + caches + scratch + examination; }
  /// "17.18 GB of weights + 0.42 GB of caches + …"; parts of nothing are left out.
  std::string text() const;
};

/// What is going to run.
struct MemoryUse {
  std::size_t arms = 2;
  std::size_t capacity = 0;        ///< positions of a cache
  std::size_t widest_step = 0;     ///< tokens
  std::size_t watched_step = 0;    ///< tokens of the widest one that is compared value by value
  std::size_t wanted_rows = 1;     ///< rows of logits of a step, at most
  bool examines = false;           ///< sites are compared value by value
  std::size_t reference_rows = 0;  ///< rows evaluated in float64 and naively, all at once
};

/// `weights_bytes` is the size of the tensor files, `graph` the baseline's.
MemoryNeed memory_need(std::uint64_t weights_bytes, const Graph& graph, const MemoryUse& use);

/// Throws UserError with the arithmetic when `need` is more than `available` (nothing: the system
/// does not say, and all is admitted). `model` is what the message calls it.
void require_memory(const std::string& model, const MemoryNeed& need,
                    std::optional<std::uint64_t> available);

}  // namespace fidelio
