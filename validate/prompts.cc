#include "validate/prompts.h"

#include <fmt/format.h>

#include <fstream>

#include "core/checksum.h"
#include "core/user_error.h"
#include "validate/built_in_prompts.h"

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
                    model.checkpoint.path().string(), Tokenizer::kFiles));
  }
  return model.tokenizer->encode_prompt(text);
}

/// A prompt to be, and what messages call it.
struct Source {
  std::string name;
  std::optional<std::string> text;
  std::vector<std::int32_t> ids;
};

std::vector<Source> built_in_set(const LoadedModel& model) {
  std::vector<Source> out;
  for (const BuiltInPrompt& prompt : built_in_prompts()) {
    if (model.tokenizer) {
      out.push_back({fmt::format("the built-in prompt \"{}\"", prompt.name), prompt.text,
                     encode(model, prompt.text)});
    } else {
      out.push_back({fmt::format("set {} of the built-in ids", out.size() + 1), std::nullopt,
                     built_in_prompt_ids(model.config().vocab_size, out.size())});
    }
  }
  return out;
}

std::vector<Source> sources(const LoadedModel& model, const RunOptions& options) {
  if (!options.prompt_ids.empty()) return {{"--prompt-ids", std::nullopt, options.prompt_ids}};
  if (options.prompts_file && is_built_in_set(*options.prompts_file)) return built_in_set(model);
  if (!options.prompt && !options.prompts_file && !model.tokenizer)
    return {{"the built-in ids", std::nullopt, built_in_prompt_ids(model.config().vocab_size)}};
  if (!options.prompts_file) {
    const std::string text = options.prompt.value_or(kBuiltInPrompt);
    return {{"the prompt", text, encode(model, text)}};
  }
  std::vector<Source> out;
  for (const std::string& text : read_lines(*options.prompts_file)) {
    const std::string file = options.prompts_file->filename().string();
    out.push_back(
        {fmt::format("prompt {} of {}", out.size() + 1, file), text, encode(model, text)});
  }
  return out;
}

void check(const LoadedModel& model, const RunOptions& options, const std::string& origin,
           const std::vector<std::int32_t>& ids) {
  if (ids.empty()) throw UserError(origin + " has no token: expected at least one");
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
        "--max-tokens: found {} after {} of {} tokens, {} positions in all; expected at most {} "
        "(max_position_embeddings of {})",
        options.max_tokens, origin, n, n + options.max_tokens, context, model.id));
  }
}

/// To `length` tokens, from the beginning again where there are fewer.
std::vector<std::int32_t> repeated(const std::vector<std::int32_t>& ids, std::size_t length) {
  std::vector<std::int32_t> out(length);
  for (std::size_t i = 0; i < length; ++i) out[i] = ids[i % ids.size()];
  return out;
}

}  // namespace

std::vector<PromptRecord> read_prompts(const LoadedModel& model, const RunOptions& options) {
  std::vector<PromptRecord> prompts;
  for (Source& source : sources(model, options)) {
    std::vector<std::int32_t> ids = std::move(source.ids);
    if (options.prompt_tokens > 0 && !ids.empty())
      ids = repeated(ids, static_cast<std::size_t>(options.prompt_tokens));
    check(model, options, source.name, ids);
    std::string hash = xxh3_128_hex(std::as_bytes(std::span(ids)));
    prompts.push_back({std::move(source.text), std::move(ids), std::move(hash)});
  }
  return prompts;
}

std::vector<PromptRecord> read_recorded_prompts(const LoadedModel& model, const RunOptions& options,
                                                const std::vector<PromptRecord>& recorded) {
  std::vector<PromptRecord> prompts;
  for (const PromptRecord& from : recorded) {
    std::vector<std::int32_t> ids = from.ids;
    if (from.text && model.tokenizer) {
      const std::vector<std::int32_t> once = encode(model, *from.text);
      // As many as recorded where they were repeated or cut (--prompt-tokens); a text that gives
      // others is another prompt either way.
      if (!once.empty() && !ids.empty()) ids = repeated(once, ids.size());
    }
    check(model, options, fmt::format("prompt {} of the capsule", prompts.size()), ids);
    std::string hash = xxh3_128_hex(std::as_bytes(std::span(ids)));
    prompts.push_back({from.text, std::move(ids), std::move(hash)});
  }
  return prompts;
}

}  // namespace fidelio
