#include "core/hub_cache.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <system_error>
#include <vector>

#include "core/mapped_file.h"
#include "core/quote.h"
#include "core/tensor_files.h"
#include "core/user_error.h"

namespace fidelio {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kCommitDigits = 40;
constexpr std::size_t kShortestPrefix = 4;
constexpr std::size_t kMaxRefBytes = 256;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

bool is_hub_name(std::string_view name) {
  const auto at_an_end = [](char c) { return c == '-' || c == '.'; };
  return !name.empty() && name.size() <= 96 &&
         std::all_of(name.begin(), name.end(), is_name_character) && !at_an_end(name.front()) &&
         !at_an_end(name.back()) && name.find("--") == std::string_view::npos &&
         name.find("..") == std::string_view::npos;
}

/// Parts between slashes, as in "refs/pr/1"; none of them "." or "..".
bool is_revision(std::string_view revision) {
  while (true) {
    const std::size_t slash = revision.find('/');
    const std::string_view part = revision.substr(0, slash);
    const bool plain = !part.empty() && std::all_of(part.begin(), part.end(), is_name_character);
    if (!plain || part.find("..") != std::string_view::npos || part == ".") return false;
    if (slash == std::string_view::npos) return true;
    revision.remove_prefix(slash + 1);
  }
}

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_commit(std::string_view text) { return text.size() == kCommitDigits && is_hex(text); }

/// The commits of the snapshots in the cache, sorted.
std::vector<std::string> snapshots_in(const fs::path& snapshots) {
  std::vector<std::string> commits;
  std::error_code error;
  for (fs::directory_iterator entry(snapshots, error), end; !error && entry != end;
       entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (is_commit(name)) commits.push_back(std::move(name));
  }
  std::sort(commits.begin(), commits.end());
  return commits;
}

/// What refs/`revision` says; nullopt without such a file.
std::optional<std::string> read_ref(const fs::path& model, const std::string& revision) {
  const fs::path file = model / "refs" / revision;
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return std::nullopt;
  std::string commit = read_text_file(file, kMaxRefBytes);
  commit.erase(commit.find_last_not_of(" \r\n") + 1);
  if (!is_commit(commit)) {
    throw UserError(fmt::format("{}: found {}, expected a commit of 40 lower-case hex digits",
                                path_text(file), quote(commit)));
  }
  return commit;
}

[[noreturn]] void refuse_choice(const HubId& id, std::string_view what,
                                const std::vector<std::string>& commits) {
  throw UserError(fmt::format("model {}: {}: found the snapshots {}, expected one; name it: {}@{}",
                              quote(id.id()), what, fmt::join(commits, ", "), id.id(),
                              commits.front()));
}

/// The commit that `id` means; nullopt when the cache does not say.
std::optional<std::string> commit_of(const HubId& id, const fs::path& model) {
  const std::string revision = id.revision.value_or("main");
  if (const std::optional<std::string> commit = read_ref(model, revision)) return commit;
  std::vector<std::string> commits = snapshots_in(model / "snapshots");
  if (!id.revision) {
    if (commits.size() > 1)
      refuse_choice(id, "no revision given, and refs/main is absent", commits);
  } else {
    const bool prefix = revision.size() >= kShortestPrefix && is_hex(revision);
    std::erase_if(commits,
                  [&](const std::string& c) { return !prefix || !c.starts_with(revision); });
    if (commits.size() > 1) refuse_choice(id, "revision " + quote(revision), commits);
  }
  if (commits.empty()) return std::nullopt;
  return commits.front();
}

const char* variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : nullptr;
}

/// A path that a variable names; a leading ~/ is the home, as huggingface_hub reads it.
fs::path expanded(const char* path) {
  const char* home = variable("HOME");
  const bool in_home = std::string_view(path).starts_with("~/") && home != nullptr;
  return in_home ? fs::path(home) / (path + 2) : fs::path(path);
}

/// The name of a file with weights in a format that is not read.
std::optional<std::string> other_weights_in(const fs::path& dir) {
  std::error_code error;
  for (fs::directory_iterator entry(dir, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string extension = entry->path().extension().string();
    for (const char* other : {".bin", ".npz", ".pt", ".pth", ".h5", ".msgpack", ".gguf"}) {
      if (extension == other) return entry->path().filename().string();
    }
  }
  return std::nullopt;
}

}  // namespace

void check_complete(const HubId& id, const fs::path& dir) {
  std::vector<std::string> missing;
  std::error_code ignored;
  if (!fs::is_regular_file(dir / "config.json", ignored)) missing.emplace_back("config.json");
  for (std::string& file : missing_tensor_files(dir)) missing.push_back(std::move(file));
  if (missing.empty()) return;
  const auto other = other_weights_in(dir);
  if (other && missing == std::vector<std::string>{"model.safetensors"}) {
    throw UserError(fmt::format(
        "model {}: found {} in {}, expected model*.safetensors; no other weights are read",
        quote(id.id()), quote(*other), path_text(dir)));
  }
  std::string named = quote(missing.front());
  if (missing.size() > 1) named += fmt::format(" and {} more", missing.size() - 1);
  throw UserError(fmt::format(
      "model {}: found an incomplete download in {}: {} is missing; complete it with\n{}",
      quote(id.id()), path_text(dir), named, download_command(id)));
}

std::optional<HubId> parse_hub_id(const std::string& model) {
  HubId id;
  std::string names = model;
  if (const std::size_t at = model.find('@'); at != std::string::npos) {
    id.revision = model.substr(at + 1);
    names.resize(at);
    if (!is_revision(*id.revision)) return std::nullopt;
  }
  const std::size_t slash = names.find('/');
  if (slash == std::string::npos) return std::nullopt;
  id.org = names.substr(0, slash);
  id.name = names.substr(slash + 1);
  if (!is_hub_name(id.org) || !is_hub_name(id.name)) return std::nullopt;
  return id;
}

fs::path hub_cache_folder() {
  if (const char* cache = variable("HF_HUB_CACHE")) return expanded(cache);
  if (const char* cache = variable("HUGGINGFACE_HUB_CACHE")) return expanded(cache);
  if (const char* home = variable("HF_HOME")) return expanded(home) / "hub";
  if (const char* cache = variable("XDG_CACHE_HOME"))
    return expanded(cache) / "huggingface" / "hub";
  if (const char* home = variable("HOME")) return fs::path(home) / ".cache" / "huggingface" / "hub";
  return {};
}

std::string download_command(const HubId& id) {
  return "hf download " + id.id() + (id.revision ? " --revision " + *id.revision : "");
}

std::optional<HubSnapshot> find_in_hub_cache(const HubId& id, const fs::path& cache) {
  if (cache.empty()) return std::nullopt;
  const fs::path model = cache / fmt::format("models--{}--{}", id.org, id.name);
  const std::optional<std::string> commit = commit_of(id, model);
  if (!commit) return std::nullopt;
  fs::path dir = model / "snapshots" / *commit;
  return HubSnapshot{std::move(dir), *commit};
}

}  // namespace fidelio
