#include "validate/checksum_cache.h"

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

#include "capsules/atomic_file.h"
#include "capsules/capsule_error.h"
#include "core/checksum.h"

namespace fidelio {
namespace {

nlohmann::json read_cache(const std::filesystem::path& cache) {
  std::ifstream in(cache);
  nlohmann::json entries = nlohmann::json::parse(in, nullptr, /*allow_exceptions=*/false);
  return entries.is_object() ? entries : nlohmann::json::object();
}

/// The file as the cache knows it; empty where the system does not say.
std::string key_of(const std::filesystem::path& file, std::size_t size) {
  std::error_code error;
  const auto changed = std::filesystem::last_write_time(file, error).time_since_epoch().count();
  if (error) return "";
  const std::filesystem::path whole = std::filesystem::weakly_canonical(file, error);
  if (error) return "";
  return whole.string() + "|" + std::to_string(size) + "|" + std::to_string(changed);
}

bool is_digest(const nlohmann::json& value) {
  return value.is_string() && value.get_ref<const std::string&>().size() == 32 &&
         value.get_ref<const std::string&>().find_first_not_of("0123456789abcdef") ==
             std::string::npos;
}

}  // namespace

std::filesystem::path checksum_cache_path() {
  const char* cache_home = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  std::filesystem::path root = ".";
  if (home != nullptr) root = std::filesystem::path(home) / ".cache";
  if (cache_home != nullptr && *cache_home != '\0') root = cache_home;
  return root / "fidelio" / "checksums.json";
}

std::string cached_checksum(const std::filesystem::path& file, std::span<const std::byte> bytes,
                            const std::filesystem::path& cache, std::size_t cached_bytes) {
  const std::string key = bytes.size() < cached_bytes ? "" : key_of(file, bytes.size());
  if (key.empty()) return xxh3_128_hex(bytes);
  nlohmann::json entries = read_cache(cache);
  if (const auto found = entries.find(key); found != entries.end() && is_digest(*found)) {
    return found->get<std::string>();
  }
  const std::string digest = xxh3_128_hex(bytes);
  entries[key] = digest;
  std::error_code ignored;
  std::filesystem::create_directories(cache.parent_path(), ignored);
  try {
    write_file_atomically(cache, entries.dump(1));
  } catch (const CapsuleError&) {
    // Only the next run's time is lost.
  }
  return digest;
}

std::string weights_checksum(const TensorFiles& files, const std::filesystem::path& cache) {
  std::vector<FileChecksum> checksums;
  for (const TensorFile& file : files.files()) {
    checksums.push_back(
        {file.path().filename().string(), cached_checksum(file.path(), file.mapping(), cache)});
  }
  return combined_checksum(checksums);
}

}  // namespace fidelio
