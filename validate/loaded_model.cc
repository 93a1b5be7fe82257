#include "validate/loaded_model.h"

#include <fmt/format.h>

#include "core/eos_token_ids.h"
#include "core/families/family.h"
#include "core/model_location.h"
#include "core/quote.h"
#include "core/unused_tensors.h"
#include "core/user_error.h"
#include "validate/available_memory.h"
#include "validate/memory_need.h"

namespace fidelio {

namespace {

/// Before they are read: mapping the files shows their size and costs nothing.
void require_room_for_weights(const ModelLocation& location) {
  const std::uint64_t bytes = Checkpoint::open(location.path).tensors().total_bytes();
  require_memory(location.id, {.weights = bytes}, available_memory());
}

}  // namespace

std::unique_ptr<const LoadedModel> load_model(const std::string& model, LoadMode mode,
                                              bool allow_swap) {
  ModelLocation location = locate_model(model);
  const std::filesystem::path& path = location.path;
  if (location.hub_id) check_complete(*location.hub_id, path);
  if (mode == LoadMode::read && !allow_swap) require_room_for_weights(location);
  Checkpoint checkpoint = Checkpoint::open(path, mode);
  Graph graph = build_graph(checkpoint.config());
  ModelWeights weights(checkpoint, graph);
  refuse_unused_tensors(checkpoint, weights);
  std::optional<Tokenizer> tokenizer = Tokenizer::open(path);
  const ModelConfig& config = checkpoint.config();
  std::vector<std::int64_t> eos_token_ids =
      all_eos_token_ids(path, config.eos_token_ids, config.vocab_size);
  return std::unique_ptr<const LoadedModel>(new LoadedModel{
      std::move(location.id), std::move(location.revision), std::move(checkpoint), std::move(graph),
      std::move(weights), std::move(tokenizer), std::move(eos_token_ids)});
}

LoadMode parse_load_mode(const std::string& name) {
  if (name == "mmap") return LoadMode::mmap;
  if (name == "read") return LoadMode::read;
  throw UserError(fmt::format("--load: found {}, expected mmap or read", quote(name)));
}

}  // namespace fidelio
