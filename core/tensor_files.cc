// Finding a checkpoint's tensor files. The index is untrusted: a file name is checked before a path
// is made of it.
#include "core/tensor_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>
#include <utility>

#include "core/json_text.h"
#include "core/quote.h"
#include "core/safetensors.h"
#include "core/user_error.h"

namespace fidelio {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxIndexBytes = std::size_t{64} << 20;
constexpr const char* kIndexName = "model.safetensors.index.json";
constexpr const char* kOneName = "model.safetensors";

[[noreturn]] void fail(const fs::path& file, std::string_view what, std::string_view found,
                       std::string_view expected) {
  throw UserError(
      fmt::format("{}: {}: found {}, expected {}", path_text(file), what, found, expected));
}

std::string tensor_text(std::string_view name) { return "tensor " + quote(name); }

bool is_there(const fs::path& file) {
  std::error_code ignored;
  return fs::exists(file, ignored);
}

bool is_tensor_file_name(std::string_view name) {
  return name.ends_with(".safetensors") && name.find('/') == std::string_view::npos &&
         name.find('\\') == std::string_view::npos && name.find('\0') == std::string_view::npos &&
         name.find("..") == std::string_view::npos;
}

/// Tensor -> file name, both as the index has them.
using WeightMap = std::map<std::string, std::string>;

WeightMap read_index(const fs::path& index) {
  const std::string where = path_text(index);
  const nlohmann::json document =
      parse_json_object(read_text_file(index, kMaxIndexBytes), where, 8);
  const auto entries = document.find("weight_map");
  if (entries == document.end() || !entries->is_object() || entries->empty()) {
    fail(index, "weight_map", entries == document.end() ? "nothing" : "no such object",
         "an object that names a file for each tensor");
  }
  WeightMap map;
  for (const auto& [tensor, file] : entries->items()) {
    const bool named = file.is_string() && is_tensor_file_name(file.get_ref<const std::string&>());
    if (!named) {
      const std::string found =
          file.is_string() ? quote(file.get_ref<const std::string&>()) : "no string";
      fail(index, tensor_text(tensor), found,
           "the name of a .safetensors file in the same folder, without '/' or '..'");
    }
    map[tensor] = file.get<std::string>();
  }
  return map;
}

/// The names of all model*.safetensors.
std::set<std::string> shards_in(const fs::path& dir) {
  std::set<std::string> shards;
  std::error_code error;
  for (fs::directory_iterator entry(dir, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with("model") && name.ends_with(".safetensors")) shards.insert(name);
  }
  return shards;
}

/// Adds what "model-00001-of-00003.safetensors" says there must be: without an index nothing else
/// does.
void add_counted_parts(std::set<std::string>& names) {
  constexpr std::string_view kPattern = "model-#####-of-#####.safetensors";
  const auto is_part = [&](const std::string& name) {
    return std::equal(name.begin(), name.end(), kPattern.begin(), kPattern.end(),
                      [](char c, char p) { return p == '#' ? c >= '0' && c <= '9' : c == p; });
  };
  const auto found = std::find_if(names.begin(), names.end(), is_part);
  if (found == names.end()) return;
  const std::string count = found->substr(kPattern.find("#.") - 4, 5);
  for (int part = 1; part <= std::stoi(count); ++part)
    names.insert(fmt::format("model-{:05}-of-{}.safetensors", part, count));
}

/// The files that `dir` should hold.
std::set<std::string> expected_files(const fs::path& dir, const WeightMap& map) {
  std::set<std::string> names;
  for (const auto& [tensor, file] : map) names.insert(file);
  if (!map.empty()) return names;
  names = shards_in(dir);
  add_counted_parts(names);
  if (names.empty()) names.insert(kOneName);
  return names;
}

std::vector<std::string> missing_of(const fs::path& dir, const std::set<std::string>& names) {
  std::vector<std::string> missing;
  std::copy_if(names.begin(), names.end(), std::back_inserter(missing),
               [&](const std::string& name) { return !is_there(dir / name); });
  return missing;
}

/// The index lists exactly what its shards hold.
void check_index(const WeightMap& map, const TensorFiles& files, const fs::path& dir,
                 const fs::path& index) {
  for (const auto& [tensor, file] : map) {
    if (files.find(tensor) == nullptr)
      fail(dir / file, tensor_text(tensor), "no such tensor", "it here, as the index says");
    const fs::path actual = files.path_of(tensor);
    if (actual.filename() != file) {
      fail(actual, tensor_text(tensor), "it in this file",
           fmt::format("it in {}, as the index says", quote(file)));
    }
  }
  for (const TensorFile& file : files.files()) {
    for (const TensorInfo& tensor : file.tensors()) {
      if (map.count(tensor.name) > 0) continue;
      fail(file.path(), tensor_text(tensor.name), "a tensor that the index does not list",
           fmt::format("only those of {}; do both come from one download?", path_text(index)));
    }
  }
}

}  // namespace

TensorFiles TensorFiles::open(const fs::path& dir, LoadMode mode) {
  TensorFiles out;
  out.mode_ = mode;
  const fs::path index = dir / kIndexName;
  const bool indexed = is_there(index);
  const WeightMap map = indexed ? read_index(index) : WeightMap();
  const std::set<std::string> names = expected_files(dir, map);
  const std::vector<std::string> missing = missing_of(dir, names);
  if (!missing.empty() && (indexed || names.size() > 1)) {
    fail(dir / missing.front(), "tensors", "no such file",
         indexed ? "every file that the index names (is the download incomplete?)"
                 : "every part that the others' names count (is the download incomplete?)");
  }
  for (const std::string& name : names) out.files_.push_back(open_safetensors(dir / name, mode));
  out.origin_ = names.size() == 1 ? out.files_.front().path()
                : indexed         ? index
                                  : dir / "model*.safetensors";
  out.list_tensors();
  if (indexed) check_index(map, out, dir, index);
  return out;
}

TensorFiles TensorFiles::of(fs::path origin, LoadMode mode, std::vector<TensorFile> files,
                            StoredName stored_name) {
  TensorFiles out;
  out.origin_ = std::move(origin);
  out.mode_ = mode;
  out.stored_name_ = std::move(stored_name);
  out.files_ = std::move(files);
  out.list_tensors();
  return out;
}

std::string TensorFiles::label(std::string_view name) const {
  const TensorInfo* tensor = find(name);
  std::optional<std::string> stored;
  if (tensor != nullptr && !tensor->stored_name.empty()) stored = tensor->stored_name;
  if (tensor == nullptr && stored_name_) stored = stored_name_(name);
  return stored && *stored != name ? fmt::format("{} ({})", quote(*stored), quote(name))
                                   : quote(name);
}

std::vector<std::string> missing_tensor_files(const fs::path& dir) {
  const fs::path index = dir / kIndexName;
  return missing_of(dir, expected_files(dir, is_there(index) ? read_index(index) : WeightMap()));
}

void TensorFiles::list_tensors() {
  for (std::size_t i = 0; i < files_.size(); ++i) {
    for (const TensorInfo& tensor : files_[i].tensors()) {
      const auto [place, added] = by_name_.emplace(tensor.name, Place{i, &tensor});
      if (added) continue;
      fail(files_[i].path(), "tensor " + label(tensor.name),
           "it also in " + path_text(files_[place->second.file].path()),
           "a tensor in one file only");
    }
  }
}

const TensorInfo* TensorFiles::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second.tensor;
}

fs::path TensorFiles::path_of(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? origin_ : files_[found->second.file].path();
}

std::vector<std::string> TensorFiles::names() const {
  std::vector<std::string> all;
  for (const TensorFile& file : files_) {
    for (const TensorInfo& tensor : file.tensors()) all.push_back(tensor.name);
  }
  return all;
}

std::size_t TensorFiles::total_bytes() const {
  std::size_t bytes = 0;
  for (const TensorFile& file : files_) bytes += file.file_bytes();
  return bytes;
}

void TensorFiles::prefetch() const {
  for (const TensorFile& file : files_) file.prefetch();
}

}  // namespace fidelio
