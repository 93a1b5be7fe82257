#include "core/gguf/gguf_parts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <system_error>

#include "core/quote.h"
#include "core/user_error.h"

namespace fidelio {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kPattern = "-#####-of-#####";  // before ".gguf"
constexpr const char* kNumber = "split.no";
constexpr const char* kCount = "split.count";
constexpr const char* kTensors = "split.tensors.count";

/// A file name taken apart; count 1 for a name that is no part's.
struct PartName {
  std::string stem;  ///< without the part's number
  int number = 1;    ///< from 1
  int count = 1;
};

PartName parse_name(const fs::path& file) {
  std::string stem = file.filename().string();
  if (stem.ends_with(".gguf")) stem.resize(stem.size() - std::string_view(".gguf").size());
  if (stem.size() <= kPattern.size()) return {stem};
  const std::string_view end = std::string_view(stem).substr(stem.size() - kPattern.size());
  const bool is_part = std::equal(end.begin(), end.end(), kPattern.begin(), [](char c, char p) {
    return p == '#' ? c >= '0' && c <= '9' : c == p;
  });
  if (!is_part) return {stem};
  const int number = std::stoi(std::string(end.substr(1, 5)));
  const int count = std::stoi(std::string(end.substr(10)));
  if (number < 1 || number > count) return {stem};
  stem.resize(stem.size() - kPattern.size());
  return {stem, number, count};
}

fs::path part_path(const fs::path& file, const PartName& name, int number) {
  return file.parent_path() / fmt::format("{}-{:05}-of-{:05}.gguf", name.stem, number, name.count);
}

std::int64_t split_count(const GgufFile& file) {
  return file.metadata().find_integer(kCount, 0, UINT16_MAX).value_or(0);
}

void check_part(const GgufFile& part, int index, int count) {
  const GgufMetadata& metadata = part.metadata();
  if (const std::int64_t found = split_count(part); found != count) {
    metadata.fail(kCount, std::to_string(found), fmt::format("{}, as the file's name says", count));
  }
  const auto number = metadata.find_integer(kNumber, 0, UINT16_MAX);
  if (!number || *number != index) {
    metadata.fail(kNumber, number ? std::to_string(*number) : "nothing",
                  fmt::format("{}, as the file's name says", index));
  }
}

}  // namespace

std::string gguf_model_name(const fs::path& file) { return parse_name(file).stem; }

fs::path first_gguf_part(const fs::path& file) {
  const PartName name = parse_name(file);
  return name.count == 1 ? file : part_path(file, name, 1);
}

std::vector<GgufFile> open_gguf_parts(const fs::path& file, LoadMode mode) {
  const PartName name = parse_name(file);
  std::vector<GgufFile> parts;
  if (name.count == 1) {
    parts.push_back(GgufFile::open(file, mode));
    if (const std::int64_t count = split_count(parts.front()); count > 1) {
      parts.front().metadata().fail(
          kCount, std::to_string(count),
          "1, or a file name of the form NAME-00001-of-00003.gguf that says where the others are");
    }
    return parts;
  }
  for (int i = 1; i <= name.count; ++i) {
    const fs::path path = part_path(file, name, i);
    std::error_code ignored;
    if (!fs::exists(path, ignored)) {
      throw UserError(fmt::format(
          "{}: found no such file, expected part {} of {} (is the download incomplete?)",
          path_text(path), i, name.count));
    }
    parts.push_back(GgufFile::open(path, mode));
    check_part(parts.back(), i - 1, name.count);
  }
  std::int64_t n_tensors = 0;
  for (const GgufFile& part : parts) n_tensors += static_cast<std::int64_t>(part.tensors().size());
  const GgufMetadata& metadata = parts.front().metadata();
  if (const auto expected = metadata.find_integer(kTensors, 0, INT64_MAX)) {
    if (*expected != n_tensors) {
      metadata.fail(kTensors, std::to_string(*expected),
                    fmt::format("{}, the tensors of all parts", n_tensors));
    }
  }
  return parts;
}

std::optional<fs::path> find_gguf_in(const fs::path& dir) {
  std::map<std::string, fs::path> models;  // by name, count of parts included
  std::error_code error;
  for (fs::directory_iterator entry(dir, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() != ".gguf") continue;
    const fs::path first = first_gguf_part(entry->path());
    models.emplace(first.filename().string(), first);
  }
  if (models.empty()) return std::nullopt;
  if (models.size() == 1) return models.begin()->second;
  std::vector<std::string> names;
  for (const auto& [name, path] : models) names.push_back(quote(name));
  throw UserError(fmt::format("{}: found {} GGUF models ({}), expected one; name the file",
                              path_text(dir), names.size(), fmt::join(names, ", ")));
}

}  // namespace fidelio
