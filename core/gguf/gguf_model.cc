#include "core/gguf/gguf_model.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <utility>

#include "core/gguf/gguf_parts.h"
#include "core/quote.h"
#include "core/user_error.h"

namespace fidelio {

namespace {

constexpr std::string_view kRopeFactors = "rope_freqs.weight";
constexpr std::size_t kMaxRopeFactors = 4096;

[[noreturn]] void fail(const GgufFile& file, std::string_view tensor, std::string_view found,
                       std::string_view expected) {
  throw UserError(fmt::format("{}: tensor {}: found {}, expected {}", path_text(file.path()),
                              quote(tensor), found, expected));
}

/// What each of the frequencies is divided by.
std::vector<float> read_rope_factors(const GgufFile& file, const GgufTensor& tensor) {
  if (tensor.type->name != "F32" || tensor.shape.size() != 1 ||
      tensor.bytes.size() > kMaxRopeFactors * sizeof(float)) {
    fail(file, tensor.name, fmt::format("{} {}", tensor.type->name, shape_text(tensor.shape)),
         "F32 [head_dim / 2]");
  }
  std::vector<float> factors(tensor.bytes.size() / sizeof(float));
  std::memcpy(factors.data(), tensor.bytes.data(), tensor.bytes.size());
  for (const float factor : factors) {
    if (!(std::isfinite(factor) && factor > 0)) {
      fail(file, tensor.name, fmt::to_string(factor), "positive finite numbers");
    }
  }
  return factors;
}

void note(GgufTensorFacts& facts, const GgufFile& file, const GgufTensor& tensor) {
  if (!tensor.type->readable) {
    fail(file, tensor.name, fmt::format("type {}", tensor.type->name),
         fmt::format("one of {}: no kernel reads the others", readable_gguf_types()));
  }
  if (tensor.name == "token_embd.weight") facts.vocab_size = tensor.shape.front();
  if (tensor.name == "output.weight") facts.has_head = true;
  if (tensor.name == "blk.0.attn_q.bias") facts.attention_bias = true;
  if (tensor.name == "blk.0.ffn_gate.bias") facts.mlp_bias = true;
  if (tensor.name == kRopeFactors) facts.rope_freq_factors = read_rope_factors(file, tensor);
}

/// The tensors that the graph shall see: all but those that the config has taken in. One that the
/// tables do not know keeps its name, and is then found to be unused.
TensorFile as_tensor_file(GgufFile file, const GgufArchitecture& architecture) {
  std::vector<TensorInfo> infos;
  for (const GgufTensor& tensor : file.tensors()) {
    if (tensor.name == kRopeFactors) continue;
    const std::string stored(tensor.name);
    infos.push_back({architecture.checkpoint_name(stored).value_or(stored),
                     std::string(tensor.type->name), tensor.shape, tensor.bytes, stored});
  }
  return {std::move(file).release(), std::move(infos)};
}

}  // namespace

GgufModel open_gguf_model(const std::filesystem::path& file, LoadMode mode) {
  std::vector<GgufFile> parts = open_gguf_parts(file, mode);
  const GgufMetadata& metadata = parts.front().metadata();
  const GgufArchitecture& architecture = read_gguf_architecture(metadata);
  GgufTensorFacts facts;
  for (const GgufFile& part : parts) {
    for (const GgufTensor& tensor : part.tensors()) note(facts, part, tensor);
  }
  if (facts.vocab_size == 0) {
    fail(parts.front(), "token_embd.weight", "no such tensor",
         "the embedding of the vocabulary (is the file a vocabulary alone?)");
  }
  GgufConfig config = make_gguf_config(metadata, architecture, facts);
  const std::filesystem::path origin = parts.front().path();
  std::vector<TensorFile> files;
  for (GgufFile& part : parts) files.push_back(as_tensor_file(std::move(part), architecture));
  const auto stored_name = [&architecture](std::string_view name) {
    return architecture.stored_name(name);
  };
  return {std::move(config), TensorFiles::of(origin, mode, std::move(files), stored_name)};
}

}  // namespace fidelio
