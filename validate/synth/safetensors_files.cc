// Source of the format: the README of huggingface/safetensors; of the index: transformers and
// mlx-lm, which write it the same way.
#include <fmt/format.h>

#include <cstring>
#include <numeric>
#include <span>

#include "validate/synth/planned_files.h"

namespace fidelio::synth {
namespace {

using nlohmann::json;

/// Consecutive tensors that fit into a shard together; always at least one.
std::vector<std::span<const StoredTensor>> cut(const std::vector<StoredTensor>& tensors,
                                               std::uint64_t shard_bytes) {
  std::vector<std::span<const StoredTensor>> shards;
  std::size_t begin = 0;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (i > begin && bytes + tensors[i].bytes > shard_bytes) {
      shards.push_back(std::span(tensors).subspan(begin, i - begin));
      begin = i;
      bytes = 0;
    }
    bytes += tensors[i].bytes;
  }
  shards.push_back(std::span(tensors).subspan(begin));
  return shards;
}

/// Length, then JSON padded with spaces so that the data begin at a multiple of 8.
std::string header_of(std::span<const StoredTensor> shard, Format format) {
  json header;
  header["__metadata__"] = {{"format", format == Format::mlx ? "mlx" : "pt"}};
  std::uint64_t at = 0;
  for (const StoredTensor& tensor : shard) {
    header[tensor.name] = {{"dtype", tensor.dtype},
                           {"shape", tensor.shape},
                           {"data_offsets", {at, at + tensor.bytes}}};
    at += tensor.bytes;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const std::uint64_t length = text.size();
  std::string head(sizeof length, '\0');
  std::memcpy(head.data(), &length, sizeof length);
  return head + text;
}

PlannedFile shard_file(std::string name, std::span<const StoredTensor> shard, Format format) {
  PlannedFile file{std::move(name), header_of(shard, format), {}, 0};
  file.bytes = file.head.size();
  for (const StoredTensor& tensor : shard) {
    file.tensors.push_back({file.bytes, tensor});
    file.bytes += tensor.bytes;
  }
  return file;
}

std::string index_text(const std::vector<PlannedFile>& shards, std::uint64_t total_size) {
  json weight_map;
  for (const PlannedFile& shard : shards) {
    for (const PlannedFile::Placed& placed : shard.tensors)
      weight_map[placed.tensor.name] = shard.name;
  }
  const json index = {{"metadata", {{"total_size", total_size}}}, {"weight_map", weight_map}};
  return index.dump(2) + "\n";
}

}  // namespace

PlannedFile text_file(std::string name, std::string text) {
  const std::uint64_t bytes = text.size();
  return {std::move(name), std::move(text), {}, bytes};
}

std::uint64_t total_bytes(const std::vector<PlannedFile>& files) {
  return std::accumulate(
      files.begin(), files.end(), std::uint64_t{0},
      [](std::uint64_t sum, const PlannedFile& file) { return sum + file.bytes; });
}

std::vector<PlannedFile> safetensors_files(const StoredModel& model, Format format,
                                           std::uint64_t shard_bytes) {
  const auto shards = cut(model.tensors, shard_bytes);
  std::vector<PlannedFile> files;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const std::string name =
        shards.size() == 1 ? "model.safetensors"
                           : fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, shards.size());
    files.push_back(shard_file(name, shards[i], format));
  }
  // Hugging Face leaves the index out where there is one file.
  if (format == Format::mlx || files.size() > 1)
    files.push_back(text_file("model.safetensors.index.json", index_text(files, model.bytes())));
  files.push_back(text_file("config.json", model.config.dump(2) + "\n"));
  return files;
}

}  // namespace fidelio::synth
