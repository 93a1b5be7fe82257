// XXH3-128 from xxHash. The mapping is read once from front to back, so nothing is copied.
#include "core/checksum.h"

#include <fmt/format.h>
#include <xxhash.h>

#include "core/mapped_file.h"

namespace fidelio {

std::string xxh3_128_hex(std::span<const std::byte> bytes) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
  std::string hex;
  for (const unsigned char digit : canonical.digest) hex += fmt::format("{:02x}", digit);
  return hex;
}

std::string xxh3_128_hex_of_file(const std::filesystem::path& path) {
  const MappedFile file = MappedFile::open(path);
  file.prefetch();
  return xxh3_128_hex(file.bytes());
}

}  // namespace fidelio
