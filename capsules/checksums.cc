#include "capsules/checksums.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace fidelio {
namespace {

std::string xxh3_128(const void* data, std::size_t bytes) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(data, bytes));
  std::string hex;
  for (const unsigned char digit : canonical.digest) hex += fmt::format("{:02x}", digit);
  return hex;
}

/// Of the ids as 32-bit little-endian integers.
std::string xxh3_128_of(const std::vector<std::int32_t>& ids) {
  std::vector<unsigned char> bytes;
  bytes.reserve(ids.size() * 4);
  for (const std::int32_t id : ids) {
    const auto bits = static_cast<std::uint32_t>(id);
    for (const unsigned shift : {0U, 8U, 16U, 24U})
      bytes.push_back(static_cast<unsigned char>(bits >> shift & 0xFFU));
  }
  return xxh3_128(bytes.data(), bytes.size());
}

/// "" where `found` fits.
std::string mismatch(const std::string& path, const std::string& found, const std::string& expected,
                     const char* what) {
  if (found == expected) return "";
  return fmt::format("{}: found {}, expected {}, the checksum of {}", path, found, expected, what);
}

/// Runs that generated freely against the ids of their arm; forced ones chose from other contexts.
std::string mismatch_of_runs(const Record& record) {
  std::map<std::pair<std::int64_t, std::string>, std::string> generated;
  for (const GenerationRecord& g : record.generations) {
    generated.emplace(std::pair(g.prompt, "baseline"), xxh3_128_of(g.baseline.ids));
    generated.emplace(std::pair(g.prompt, "patched"), xxh3_128_of(g.patched.ids));
  }
  for (std::size_t i = 0; i < record.runs.size(); ++i) {
    const RunRecord& run = record.runs[i];
    const auto expected = generated.find({run.prompt, run.arm});
    if (run.teacher_forced || expected == generated.end()) continue;
    std::string found = mismatch(fmt::format("$.runs[{}].ids_xxh3_128", i), run.ids_xxh3_128,
                                 expected->second, "the ids that its arm generated");
    if (!found.empty()) return found;
  }
  return "";
}

}  // namespace

std::string checksum_mismatch(const Record& record) {
  for (std::size_t i = 0; i < record.prompts.size(); ++i) {
    std::string found =
        mismatch(fmt::format("$.prompts[{}].ids_xxh3_128", i), record.prompts[i].ids_xxh3_128,
                 xxh3_128_of(record.prompts[i].ids), "its ids");
    if (!found.empty()) return found;
  }
  std::string config =
      mismatch("$.model.config_xxh3_128", record.model.config_xxh3_128,
               xxh3_128(record.model.config.data(), record.model.config.size()), "the config");
  return config.empty() ? mismatch_of_runs(record) : config;
}

}  // namespace fidelio
