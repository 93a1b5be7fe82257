// XXH3-128 from xxHash. The mapping is read once from front to back, so nothing is copied.
#include "core/checksum.h"

#include <fmt/format.h>
#include <xxhash.h>

#include "core/check.h"
#include "core/mapped_file.h"

namespace fidelio {

namespace {

std::string to_hex(XXH128_hash_t hash) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  std::string hex;
  for (const unsigned char digit : canonical.digest) hex += fmt::format("{:02x}", digit);
  return hex;
}

}  // namespace

std::string xxh3_128_hex(std::span<const std::byte> bytes) {
  return to_hex(XXH3_128bits(bytes.data(), bytes.size()));
}

std::string xxh3_128_hex_of_file(const std::filesystem::path& path) {
  const MappedFile file = MappedFile::open(path);
  file.prefetch();
  return xxh3_128_hex(file.bytes());
}

std::string combined_checksum(std::span<const FileChecksum> files) {
  if (files.size() == 1) return files.front().digest;
  std::string lines;
  for (const FileChecksum& file : files) lines += file.digest + "  " + file.name + "\n";
  return xxh3_128_hex(std::as_bytes(std::span(lines)));
}

struct StreamingXxh3::State {
  XXH3_state_t* xxh = XXH3_createState();
};

void StreamingXxh3::Free::operator()(State* state) const {
  XXH3_freeState(state->xxh);
  delete state;
}

StreamingXxh3::StreamingXxh3() : state_(new State) {
  FIDELIO_CHECK(state_->xxh != nullptr);
  XXH3_128bits_reset(state_->xxh);
}

void StreamingXxh3::update(std::span<const std::byte> bytes) {
  XXH3_128bits_update(state_->xxh, bytes.data(), bytes.size());
}

std::string StreamingXxh3::hex() const { return to_hex(XXH3_128bits_digest(state_->xxh)); }

}  // namespace fidelio
