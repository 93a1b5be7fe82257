// locate_model: directories first, then names, then the hub cache. FIDELIO_SOURCE_MODELS_DIR is set
// for this file by core/CMakeLists.txt.
#include "core/model_location.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include "core/checkpoint.h"
#include "core/gguf/gguf_parts.h"
#include "core/hub_cache.h"
#include "core/nearest_name.h"
#include "core/quote.h"
#include "core/user_error.h"

namespace fidelio {

namespace fs = std::filesystem;

namespace {

/// What a directory has to open: itself with a config.json, else its one GGUF model.
std::optional<fs::path> model_in(const fs::path& dir) {
  std::error_code ignored;
  if (fs::is_regular_file(dir / "config.json", ignored)) return dir;
  return find_gguf_in(dir);
}

/// For suggestions alone.
bool holds_model(const fs::path& dir) {
  std::error_code ignored;
  return fs::is_regular_file(dir / "config.json", ignored);
}

/// A bare name cannot leave the folder it is looked up in.
bool is_bare_name(const std::string& model) {
  return model.find('/') == std::string::npos && model != "." && model != "..";
}

/// What people call a directory: never an absolute path.
std::string last_part(const fs::path& dir) {
  const fs::path whole = fs::absolute(dir).lexically_normal();
  return whole.has_filename() ? whole.filename().string() : whole.parent_path().filename().string();
}

std::vector<std::string> model_names(std::span<const fs::path> folders) {
  std::vector<std::string> names;
  for (const fs::path& folder : folders) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
      if (holds_model(entry->path())) names.push_back(entry->path().filename().string());
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace

std::vector<fs::path> model_folders() {
  std::vector<fs::path> folders;
  const char* from_environment = std::getenv("FIDELIO_MODELS");
  if (from_environment != nullptr && *from_environment != '\0')
    folders.emplace_back(from_environment);
  folders.emplace_back(FIDELIO_SOURCE_MODELS_DIR);
  std::error_code error;
  const fs::path binary = fs::read_symlink("/proc/self/exe", error);
  if (!error)
    folders.push_back(binary.parent_path().parent_path() / "share" / "fidelio" / "models");
  return folders;
}

ModelLocation locate_model_in(const std::string& model, std::span<const fs::path> folders,
                              const fs::path& hub_cache) {
  std::error_code ignored;
  if (model.empty())
    throw UserError("model: found an empty name, expected a directory or a model's name");
  if (is_gguf_file(model)) {
    return {first_gguf_part(model), gguf_model_name(model), std::nullopt, std::nullopt};
  }
  if (fs::is_regular_file(model, ignored)) {
    throw UserError(fmt::format(
        "model {}: found a file, expected a GGUF file or a directory that holds config.json",
        quote(model)));
  }
  if (const auto found = model_in(model)) {
    return {*found, *found == model ? last_part(model) : gguf_model_name(*found), std::nullopt,
            std::nullopt};
  }
  std::vector<std::string> tried = {path_text(fs::path(model) / "config.json")};
  if (is_bare_name(model)) {
    for (const fs::path& folder : folders) {
      const fs::path dir = folder / model;
      if (const auto found = model_in(dir)) return {*found, model, std::nullopt, std::nullopt};
      tried.push_back(path_text(dir / "config.json"));
    }
  }
  std::string download;
  if (const std::optional<HubId> id = parse_hub_id(model)) {
    if (const std::optional<HubSnapshot> found = find_in_hub_cache(*id, hub_cache))
      return {found->dir, id->id(), found->commit, id};
    if (!hub_cache.empty()) tried.push_back("a snapshot in " + path_text(hub_cache));
    download = "; to download it:\n" + download_command(*id);
  }
  throw UserError(fmt::format(
      "model {}: found none of {}; expected a directory that holds config.json, a GGUF file, a "
      "model's name or a Hugging Face id{}{}",
      quote(model), fmt::join(tried, ", "), did_you_mean(model, model_names(folders)), download));
}

ModelLocation locate_model(const std::string& model) {
  return locate_model_in(model, model_folders(), hub_cache_folder());
}

}  // namespace fidelio
