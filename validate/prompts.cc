#include "validate/prompts.h"

#include <fmt/format.h>

#include <fstream>

#include "core/checksum.h"
#include "core/user_error.h"

namespace fidelio {

const char* const kBuiltInPrompt =
    "In the beginning God created the heaven and the earth. And the earth was without form, and "
    "void; and darkness "
    "was upon the face of the deep. And the Spirit of God moved upon the face of the waters. And "
    "God said, Let there "
    "be light: and there was light.";

namespace {

std::vector<std::string> read_lines(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in)
    throw UserError(
        fmt::format("{}: cannot be read (--prompts expects one prompt a line)", file.string()));
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.find_first_not_of(" \t") != std::string::npos) lines.push_back(line);
  }
  if (lines.empty())
    throw UserError(fmt::format("{}: found no prompt, expected one a line", file.string()));
  return lines;
}

std::vector<std::int32_t> encode(const LoadedModel& model, const std::string& text) {
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    throw UserError("--prompt: found an empty prompt, expected text");
  }
  if (!model.tokenizer) {
    throw UserError(
        fmt::format("{}: found no tokenizer, expected {}; give token ids with --prompt-ids",
                    model.checkpoint.dir().string(), Tokenizer::kFiles));
  }
  return model.tokenizer->encode_prompt(text);
}

void check(const LoadedModel& model, const RunOptions& options, const PromptRecord& prompt) {
  const std::vector<std::int32_t>& ids = prompt.ids;
  const char* origin = prompt.text ? "the prompt" : "--prompt-ids";
  if (ids.empty()) throw UserError("the prompt has no token: expected at least one");
  const std::int64_t vocab_size = model.config().vocab_size;
  for (const std::int32_t id : ids) {
    if (id < 0 || id >= vocab_size) {
      throw UserError(fmt::format("{}: found token id {}, expected 0 to {} ({}'s vocab_size is {})",
                                  origin, id, vocab_size - 1, model.id, vocab_size));
    }
  }
  const std::int64_t context = model.config().max_position_embeddings;
  const auto n = static_cast<std::int64_t>(ids.size());
  if (n > context) {
    throw UserError(
        fmt::format("{}: found {} tokens, expected at most {} (max_position_embeddings of {})",
                    origin, n, context, model.id));
  }
  if (n + options.max_tokens > context) {
    throw UserError(fmt::format(
        "--max-tokens: found {} after a prompt of {}, {} positions in all; expected at most {} "
        "(max_position_embeddings of {})",
        options.max_tokens, n, n + options.max_tokens, context, model.id));
  }
}

}  // namespace

std::vector<PromptRecord> read_prompts(const LoadedModel& model, const RunOptions& options) {
  std::vector<PromptRecord> prompts;
  if (!options.prompt_ids.empty()) {
    prompts.push_back({std::nullopt, options.prompt_ids, ""});
  } else {
    std::vector<std::string> texts = {options.prompt.value_or(kBuiltInPrompt)};
    if (options.prompts_file) texts = read_lines(*options.prompts_file);
    for (const std::string& text : texts) prompts.push_back({text, encode(model, text), ""});
  }
  for (PromptRecord& prompt : prompts) {
    if (options.prompt_tokens > 0 && !prompt.ids.empty()) {
      const std::vector<std::int32_t> once = prompt.ids;
      prompt.ids.resize(static_cast<std::size_t>(options.prompt_tokens));
      for (std::size_t i = 0; i < prompt.ids.size(); ++i) prompt.ids[i] = once[i % once.size()];
    }
    check(model, options, prompt);
    prompt.ids_xxh3_128 = xxh3_128_hex(std::as_bytes(std::span(prompt.ids)));
  }
  return prompts;
}

}  // namespace fidelio
