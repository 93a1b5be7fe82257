#include "core/tokenizers/tokenizer_json.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/json_text.h"
#include "core/mapped_file.h"
#include "core/tokenizers/added_token_json.h"
#include "core/tokenizers/bpe_json.h"
#include "core/tokenizers/pipeline.h"
#include "core/tokenizers/post_processor.h"

namespace fidelio::tokenizers {

namespace {

constexpr std::size_t kMaxTokenizerBytes = std::size_t{256} << 20;

/// An added token that the model knows too must have one id; another token's id it must not have.
void check_id(const AddedToken& token, const Vocabulary& vocabulary, const std::string& place) {
  const auto known = vocabulary.find(token.content);
  const std::string* other = vocabulary.token(token.id);
  if (known && *known != token.id) {
    throw UserError(fmt::format("{}: found id {} for {}, expected {} as in model.vocab", place,
                                token.id, quote(token.content), *known));
  }
  if (!known && other != nullptr) {
    throw UserError(
        fmt::format("{}: found id {} for {}, expected an id that model.vocab has not: "
                    "there it is {}",
                    place, token.id, quote(token.content), quote(*other)));
  }
}

std::vector<AddedToken> read_added_tokens(const nlohmann::json* list, const ConfigReader& reader,
                                          const Vocabulary& vocabulary) {
  std::vector<AddedToken> tokens;
  if (list == nullptr) return tokens;
  if (!list->is_array()) reader.refuse("added_tokens", *list, "a list");
  for (std::size_t i = 0; i < list->size(); ++i) {
    const nlohmann::json& entry = (*list)[i];
    const std::string key = fmt::format("added_tokens[{}]", i);
    AddedToken token = read_added_token(entry, reader.where(), key);
    token.id = static_cast<std::int32_t>(
        ConfigReader(entry, reader.where(), key + ".").integer("id", 0, kMaxId));
    check_id(token, vocabulary, reader.where() + ": " + key);
    tokens.push_back(std::move(token));
  }
  return tokens;
}

void check_top_level(const nlohmann::json& document, const ConfigReader& reader) {
  for (const auto& [key, value] : document.items()) {
    const bool known = key == "version" || key == "added_tokens" || key == "normalizer" ||
                       key == "pre_tokenizer" || key == "post_processor" || key == "decoder" ||
                       key == "model";
    // transformers sets both anew from the arguments of every call: what a file keeps of them from
    // somebody's training does nothing to a plain one.
    const bool unused = key == "truncation" || key == "padding";
    if (!known && !unused) reader.refuse(key, value, "null or no such key");
  }
  const auto version = reader.find_string("version");
  if (version.value_or("") != "1.0") {
    reader.fail("version", version ? quote(*version) : "nothing", "\"1.0\"");
  }
}

/// The id of a token that tokenizer_config.json names; -1 when it names none, or one without an id:
/// encoding and decoding need neither, and an id of ours would mean nothing to the model.
std::int32_t id_of(const std::optional<std::string>& token, const Vocabulary& vocabulary,
                   const std::vector<AddedToken>& added) {
  if (!token) return -1;
  for (const AddedToken& entry : added) {
    if (entry.content == *token) return entry.id;
  }
  return vocabulary.find(*token).value_or(-1);
}

}  // namespace

std::unique_ptr<TokenizerModel> tokenizer_of_json(const nlohmann::json& document,
                                                  const std::string& where,
                                                  const Settings& settings) {
  const ConfigReader reader(document, where);
  check_top_level(document, reader);
  const nlohmann::json* model = reader.find("model");
  if (model == nullptr) reader.missing("model", "an object");

  Bpe bpe = read_bpe(*model, where);
  const std::vector<AddedToken> added =
      read_added_tokens(reader.find("added_tokens"), reader, bpe.vocabulary());
  const std::int32_t bos = id_of(settings.bos_token, bpe.vocabulary(), added);
  const std::int32_t eos = id_of(settings.eos_token, bpe.vocabulary(), added);
  PipelineParts parts{{}, {}, {}, std::move(bpe), {}, {}, {}, bos, eos};
  const auto step = [&](const char* key, auto&& read) {
    if (const nlohmann::json* value = reader.find(key)) read(JsonStep(*value, where, key));
  };
  step("normalizer", [&](const JsonStep& s) { parts.normalizer = Normalizer::read(s); });
  step("pre_tokenizer", [&](const JsonStep& s) { parts.pre_tokenizer = PreTokenizer::read(s); });
  step("decoder", [&](const JsonStep& s) { parts.decoder = PieceDecoder::read(s); });
  parts.added = AddedTokens(added, parts.normalizer, where + ": added_tokens");
  const std::int64_t id_bound = std::max(parts.bpe.vocabulary().id_bound(), parts.added.id_bound());
  step("post_processor", [&](const JsonStep& s) {
    PromptFrame frame = read_post_processor(s, id_bound);
    parts.prompt_prefix = std::move(frame.prefix);
    parts.prompt_suffix = std::move(frame.suffix);
  });
  if (id_bound == 0) reader.fail("model.vocab", "no token", "at least one");
  return std::make_unique<Pipeline>(std::move(parts));
}

std::unique_ptr<TokenizerModel> open_tokenizer_json(const std::filesystem::path& file,
                                                    const Settings& settings) {
  const std::string where = path_text(file);
  return tokenizer_of_json(parse_json_object(read_text_file(file, kMaxTokenizerBytes), where),
                           where, settings);
}

}  // namespace fidelio::tokenizers
