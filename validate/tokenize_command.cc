// validate tokenize: a model's tokenizer by itself, text to ids and back. No weights are needed.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "core/model_location.h"
#include "core/quote.h"
#include "core/tokenizer.h"
#include "core/user_error.h"
#include "validate/commands.h"

namespace fidelio {
namespace {

/// MODEL as a directory, with or without config.json, else what core/model_location.h finds.
Tokenizer open_tokenizer(const std::string& model) {
  std::error_code error;
  const bool is_directory = std::filesystem::is_directory(model, error);
  const std::filesystem::path dir =
      is_directory ? std::filesystem::path(model) : locate_model(model).path;
  std::optional<Tokenizer> tokenizer = Tokenizer::open(dir);
  if (!tokenizer) {
    throw UserError(
        fmt::format("{}: found no tokenizer, expected {}", path_text(dir), Tokenizer::kFiles));
  }
  return *std::move(tokenizer);
}

/// Every byte of stdin, the last newline too.
std::string read_stdin() {
  constexpr std::size_t kMaxBytes = std::size_t{1} << 30;
  std::string text;
  std::array<char, 1 << 16> buffer{};
  while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), stdin)) {
    text.append(buffer.data(), n);
    if (text.size() > kMaxBytes) {
      throw UserError(fmt::format("stdin: found more than {} bytes, expected fewer", kMaxBytes));
    }
  }
  if (std::ferror(stdin) != 0) throw UserError("stdin: cannot be read");
  return text;
}

void print(const std::string& text) {
  const bool written =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (!written) throw UserError("stdout: cannot be written");
}

std::string as_json(const Tokenizer& tokenizer, const std::vector<std::int32_t>& ids,
                    const std::string& text) {
  nlohmann::ordered_json document;
  document["ids"] = ids;
  document["pieces"] = nlohmann::json::array();
  for (const std::int32_t id : ids) document["pieces"].push_back(tokenizer.piece(id));
  document["text"] = text;
  return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

int tokenize_command(const TokenizeOptions& options) {
  const Tokenizer tokenizer = open_tokenizer(options.model);
  const bool decodes = options.ids.has_value();
  std::vector<std::int32_t> ids;
  std::string text;
  if (decodes) {
    ids = *options.ids;
    text = tokenizer.decode(ids);
  } else {
    text = options.text ? *options.text : read_stdin();
    ids = options.prompt ? tokenizer.encode_prompt(text) : tokenizer.encode(text);
  }
  if (options.json) {
    print(as_json(tokenizer, ids, text));
  } else if (options.pieces) {
    std::string lines;
    for (const std::int32_t id : ids) {
      lines += fmt::format("{}\t{}\n", id, printable(tokenizer.piece(id), 4096));
    }
    print(lines);
  } else {
    print(decodes ? text : fmt::format("{}\n", fmt::join(ids, ",")));
  }
  return 0;
}

}  // namespace fidelio
