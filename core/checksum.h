// XXH3-128 of files and spans, for capsules. A checksum that tells files apart, not a seal against
// forgery.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace fidelio {

/// 32 lower-case hex digits of XXH3-128 in canonical (big-endian) order: what `xxh128sum` prints.
std::string xxh3_128_hex(std::span<const std::byte> bytes);

/// The same of a file's contents, read through a mapping. Throws UserError when it cannot be
/// opened.
std::string xxh3_128_hex_of_file(const std::filesystem::path& path);

/// A file's name without its folder, and its checksum.
struct FileChecksum {
  std::string name;
  std::string digest;
};

/// One checksum for a set of files: a single file's own; of several that of the text which
/// `xxh128sum` prints for them, a line `DIGEST  NAME` each, in the given order.
std::string combined_checksum(std::span<const FileChecksum> files);

/// The same checksum over bytes that come in parts.
class StreamingXxh3 {
 public:
  StreamingXxh3();
  void update(std::span<const std::byte> bytes);
  std::string hex() const;  ///< of all parts so far

 private:
  struct State;
  struct Free {
    void operator()(State* state) const;
  };
  std::unique_ptr<State, Free> state_;
};

}  // namespace fidelio
