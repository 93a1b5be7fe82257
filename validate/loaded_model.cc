#include "validate/loaded_model.h"

#include <fmt/format.h>

#include "core/families/family.h"
#include "core/model_location.h"
#include "core/user_error.h"

namespace fidelio {

std::unique_ptr<const LoadedModel> load_model(const std::string& model) {
  const std::filesystem::path dir = resolve_model(model);
  Checkpoint checkpoint = Checkpoint::open(dir);
  Graph graph = build_graph(checkpoint.config());
  ModelWeights weights(checkpoint, graph);
  std::optional<Tokenizer> tokenizer = Tokenizer::open(dir);
  const std::int64_t vocab_size = checkpoint.config().vocab_size;
  if (tokenizer && tokenizer->vocab_size() > vocab_size) {
    throw UserError(fmt::format("{}: found {} ids, expected at most the model's vocab_size {}",
                                tokenizer->path().string(), tokenizer->vocab_size(), vocab_size));
  }
  std::string id = std::filesystem::absolute(dir).lexically_normal().filename().string();
  if (id.empty())
    id = std::filesystem::absolute(dir).lexically_normal().parent_path().filename().string();
  return std::unique_ptr<const LoadedModel>(new LoadedModel{std::move(id), std::move(checkpoint),
                                                            std::move(graph), std::move(weights),
                                                            std::move(tokenizer)});
}

}  // namespace fidelio
