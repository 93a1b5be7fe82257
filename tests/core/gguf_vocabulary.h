// Vocabularies as llama.cpp's converter writes them into GGUF files, for tests: put together by
// hand, or from the files of published tokenizers.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/core/tokenizer_vectors.h"
#include "tests/support/file_content.h"
#include "tests/support/gguf_writer.h"

namespace fidelio::testing {

enum Kind : std::int32_t { kNormal = 1, kUnknown, kControl, kUser, kUnused, kByte };

/// A vocabulary in the making.
struct Vocabulary {
  std::vector<std::string> tokens;
  std::vector<std::int32_t> kinds;
  std::vector<std::string> merges;
  std::vector<float> scores;

  void set(std::size_t id, const std::string& token, Kind kind) {
    tokens.resize(std::max(tokens.size(), id + 1));
    kinds.resize(tokens.size(), kUnused);
    tokens[id] = token;
    kinds[id] = kind;
  }
  void set_all(const nlohmann::json& vocab) {
    for (const auto& [token, id] : vocab.items()) set(id.get<std::size_t>(), token, kNormal);
  }
  GgufWriter writer(const char* model, const char* pre) const {
    GgufWriter writer;
    writer.add("tokenizer.ggml.model", model).add("tokenizer.ggml.pre", pre);
    writer.add("tokenizer.ggml.tokens", tokens).add("tokenizer.ggml.token_type", kinds);
    if (!merges.empty()) writer.add("tokenizer.ggml.merges", merges);
    if (!scores.empty()) writer.add("tokenizer.ggml.scores", scores);
    return writer;
  }
};

inline Vocabulary qwen2(const std::filesystem::path& dir) {
  Vocabulary vocabulary;
  vocabulary.set_all(nlohmann::json::parse(content_of(dir / "vocab.json")));
  const nlohmann::json settings = nlohmann::json::parse(content_of(dir / "tokenizer_config.json"));
  for (const auto& [id, token] : settings["added_tokens_decoder"].items()) {
    vocabulary.set(std::stoul(id), token["content"], token["special"] ? kControl : kUser);
  }
  std::ifstream lines(dir / "merges.txt");
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && !line.starts_with("#version")) vocabulary.merges.push_back(line);
  }
  return vocabulary;
}

inline Vocabulary olmo(const std::filesystem::path& dir) {
  const nlohmann::json document = nlohmann::json::parse(content_of(dir / "tokenizer.json"));
  Vocabulary vocabulary;
  vocabulary.set_all(document["model"]["vocab"]);
  for (const nlohmann::json& token : document["added_tokens"]) {
    vocabulary.set(token["id"], token["content"], token["special"] ? kControl : kUser);
  }
  vocabulary.merges = document["model"]["merges"].get<std::vector<std::string>>();
  return vocabulary;
}

/// A sentencepiece file's pieces: field 1 of the model; of them text 1, score 2 and type 3.
inline Vocabulary sentencepiece(const std::filesystem::path& file) {
  const std::string bytes = content_of(file);
  std::size_t at = 0;
  const auto varint = [&] {
    std::size_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes.at(at++));
      value |= std::size_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
  };
  Vocabulary vocabulary;
  while (at < bytes.size() && varint() == (1U << 3U | 2U)) {
    std::string text;
    float score = 0;
    std::size_t kind = kNormal;
    const std::size_t size = varint();
    for (const std::size_t end = at + size; at < end;) {
      const std::size_t tag = varint();
      if (tag == (1U << 3U | 2U)) {
        const std::size_t length = varint();
        text = bytes.substr(at, length);
        at += length;
      } else if (tag == (2U << 3U | 5U)) {
        std::memcpy(&score, bytes.data() + at, sizeof score);
        at += sizeof score;
      } else {
        kind = varint();
      }
    }
    vocabulary.set(vocabulary.tokens.size(), text, static_cast<Kind>(kind));
    vocabulary.scores.push_back(score);
  }
  return vocabulary;
}

}  // namespace fidelio::testing
