#include "core/unused_tensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "core/quote.h"
#include "core/user_error.h"

namespace fidelio {
namespace {

/// A tensor that the graph may leave unread.
struct Harmless {
  std::string_view starts_with;
  std::string_view ends_with;
  bool only_when_tied;  ///< only with tie_word_embeddings
};

constexpr Harmless kHarmless[] = {
    // Older exports stored RoPE's inverse frequencies; every reader computes them from rope_theta.
    {"", ".rotary_emb.inv_freq", false},
    // A tied head is the embedding by definition, and readers discard a copy stored beside it.
    {"lm_head.", "", true},
};

bool is_harmless(std::string_view name, bool tied) {
  return std::any_of(std::begin(kHarmless), std::end(kHarmless), [&](const Harmless& known) {
    return (tied || !known.only_when_tied) && name.starts_with(known.starts_with) &&
           name.ends_with(known.ends_with);
  });
}

}  // namespace

std::vector<std::string> unused_tensors(const Checkpoint& checkpoint, const ModelWeights& weights) {
  const bool tied = checkpoint.config().tie_word_embeddings;
  std::vector<std::string> unused;
  for (std::string& name : checkpoint.tensors().names()) {
    if (weights.tensors_read().count(name) == 0 && !is_harmless(name, tied))
      unused.push_back(std::move(name));
  }
  std::sort(unused.begin(), unused.end());
  return unused;
}

void refuse_unused_tensors(const Checkpoint& checkpoint, const ModelWeights& weights) {
  constexpr std::size_t kNamed = 4;
  const std::vector<std::string> unused = unused_tensors(checkpoint, weights);
  if (unused.empty()) return;
  std::string named;
  for (std::size_t i = 0; i < std::min(kNamed, unused.size()); ++i) {
    named += fmt::format("{}{} in {}", i == 0 ? "" : ", ", checkpoint.tensors().label(unused[i]),
                         path_text(checkpoint.tensors().path_of(unused[i]).filename()));
  }
  if (unused.size() > kNamed) named += ", ...";
  throw UserError(fmt::format(
      "{}: tensors: found {} that the {} graph does not use ({}), expected none: what would run is "
      "not this model. Compare config.json with the checkpoint's origin (model_type, "
      "num_hidden_layers, attention_bias, tie_word_embeddings); if it is right, Fidelio does not "
      "know this variant yet",
      path_text(checkpoint.path()), unused.size(), checkpoint.config().model_type, named));
}

}  // namespace fidelio
