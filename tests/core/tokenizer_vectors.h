// What tokenizers are held to: the strings of tests/data/tokenizer_vectors with the ids of other
// implementations, and llama.cpp's own texts. Which tokenizers are compared is the tests' business.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "core/streaming_decoder.h"
#include "core/tokenizer.h"
#include "tests/support/external_data.h"
#include "tests/support/file_content.h"

namespace fidelio {

using Ids = std::vector<std::int32_t>;

inline nlohmann::json vectors(const std::string& name) {
  return nlohmann::json::parse(testing::content_of(std::filesystem::path(FIDELIO_SOURCE_DIR) /
                                                   "tests/data/tokenizer_vectors" /
                                                   (name + ".json")));
}

/// Decoded id by id.
inline std::string streamed(const Tokenizer& tokenizer, const Ids& ids) {
  StreamingDecoder decoder(tokenizer);
  std::string text;
  for (const std::int32_t id : ids) text += decoder.feed(id);
  return text + decoder.finish();
}

struct Differences {
  int encoded = 0;
  int decoded = 0;
  int streamed = 0;
  int compared = 0;
};

/// All strings through `tokenizer`; the first differences are reported when `report` is set.
inline Differences compare(const Tokenizer& tokenizer, const std::string& name, bool report) {
  const nlohmann::json strings = vectors("strings").at("strings");
  const nlohmann::json expected = vectors(name);
  Differences differences;
  for (std::size_t i = 0; i < strings.size(); ++i) {
    const auto text = strings[i].get<std::string>();
    const auto ids = expected.at("ids").at(i).get<Ids>();
    const auto decoded = expected.at("decoded").value(std::to_string(i), text);
    const Ids actual = tokenizer.encode(text);
    const std::string back = tokenizer.decode(ids);
    if (report && differences.encoded < 10) {
      EXPECT_EQ(actual, ids) << strings[i];
    }
    if (report && differences.decoded < 10) {
      EXPECT_EQ(back, decoded) << strings[i];
    }
    differences.encoded += actual != ids ? 1 : 0;
    differences.decoded += back != decoded ? 1 : 0;
    differences.streamed += streamed(tokenizer, ids) != back ? 1 : 0;
    ++differences.compared;
  }
  return differences;
}

inline void expect_equal(const Tokenizer& tokenizer, const std::string& name) {
  const Differences differences = compare(tokenizer, name, /*report=*/true);
  EXPECT_EQ(differences.encoded, 0);
  EXPECT_EQ(differences.decoded, 0);
  EXPECT_EQ(differences.streamed, 0);
  EXPECT_GE(differences.compared, 2000);
}

/// One of llama.cpp's texts with the ids it gives.
struct LlamaCppText {
  std::string text;
  Ids ids;
};

/// All 47 of `dir`/ggml-vocab.inp with the ids in `dir`/ggml-vocab-NAME.gguf.out.
inline std::vector<LlamaCppText> llama_cpp_texts(const std::filesystem::path& dir,
                                                 const std::string& name) {
  const std::string all = testing::content_of(dir / "ggml-vocab.inp");
  std::ifstream lines(dir / ("ggml-vocab-" + name + ".gguf.out"));
  const std::string separator = "\n__ggml_vocab_test__\n";
  std::vector<LlamaCppText> texts;
  for (std::size_t begin = 0, end = 0; end != std::string::npos; begin = end + separator.size()) {
    end = all.find(separator, begin);
    std::string line;
    const bool has_line = static_cast<bool>(std::getline(lines, line));
    EXPECT_NE(has_line, end == std::string::npos);  // the last text is empty and has no line
    std::istringstream numbers(line);
    texts.push_back({all.substr(begin, end == std::string::npos ? end : end - begin),
                     Ids{std::istream_iterator<std::int32_t>(numbers), {}}});
  }
  EXPECT_EQ(texts.size(), 47U);
  return texts;
}

}  // namespace fidelio
