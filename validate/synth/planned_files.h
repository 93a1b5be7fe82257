// The files of a checkpoint before they are written: every byte is known by its place. Writing them
// is write_files.h.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "validate/synth/stored_model.h"

namespace fidelio::synth {

struct PlannedFile {
  std::string name;
  std::string head;  ///< the first bytes; of a text file all
  struct Placed {
    std::uint64_t offset;  ///< in the file; what lies between tensors is zero
    StoredTensor tensor;
  };
  std::vector<Placed> tensors;
  std::uint64_t bytes = 0;  ///< of the whole file
};

/// The published checkpoints' shards are cut at 5 GB.
inline constexpr std::uint64_t kShardBytes = 5'000'000'000;

/// config.json, the shards, each at most `shard_bytes` of tensors unless one tensor is larger, and
/// model.safetensors.index.json.
std::vector<PlannedFile> safetensors_files(const StoredModel& model, Format format,
                                           std::uint64_t shard_bytes = kShardBytes);

/// The model as one file `name`, which ends in .gguf; without a vocabulary.
PlannedFile gguf_file(const StoredModel& model, std::string name);

/// A file of this text.
PlannedFile text_file(std::string name, std::string text);

std::uint64_t total_bytes(const std::vector<PlannedFile>& files);

}  // namespace fidelio::synth
