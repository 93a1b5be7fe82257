// What tokenizer.json puts around a prompt.
#pragma once

#include <cstdint>
#include <vector>

namespace fidelio::tokenizers {

class JsonStep;

struct PromptFrame {
  std::vector<std::int32_t> prefix;
  std::vector<std::int32_t> suffix;
};

/// tokenizer.json's `post_processor`: ByteLevel, TemplateProcessing (its `single` template), and
/// Sequences of them. Throws UserError for any other and for ids outside 0 to `id_bound` - 1.
PromptFrame read_post_processor(const JsonStep& step, std::int64_t id_bound);

}  // namespace fidelio::tokenizers
