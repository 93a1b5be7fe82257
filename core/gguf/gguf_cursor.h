// Reading a GGUF file front to back without leaving it. What the bytes mean is the business of
// core/gguf/gguf_metadata.h and core/gguf/gguf_file.h.
#pragma once

#include <fmt/format.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "core/user_error.h"

namespace fidelio {

static_assert(std::endian::native == std::endian::little, "GGUF numbers are read in place");

/// A place in a file's bytes. Every member throws UserError, beginning with the file and `what`,
/// rather than pass the end.
class GgufCursor {
 public:
  GgufCursor(std::span<const std::byte> bytes, std::string file)
      : bytes_(bytes), file_(std::move(file)) {}

  const std::string& file() const { return file_; }
  std::size_t position() const { return position_; }
  std::size_t remaining() const { return bytes_.size() - position_; }

  /// The next `n` bytes.
  std::span<const std::byte> take(std::uint64_t n, std::string_view what) {
    if (n > remaining()) {
      throw UserError(fmt::format(
          "{}: {}: found {} bytes up to the end of the file, expected {} (is it truncated?)", file_,
          what, remaining(), n));
    }
    const auto taken = bytes_.subspan(position_, static_cast<std::size_t>(n));
    position_ += taken.size();
    return taken;
  }

  template <typename Number>
  Number number(std::string_view what) {
    Number value;
    std::memcpy(&value, take(sizeof value, what).data(), sizeof value);
    return value;
  }

  /// A string with its length before it; a view of the file's bytes.
  std::string_view text(std::string_view what) {
    const std::span<const std::byte> bytes = take(number<std::uint64_t>(what), what);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

 private:
  std::span<const std::byte> bytes_;
  std::string file_;
  std::size_t position_ = 0;
};

}  // namespace fidelio
