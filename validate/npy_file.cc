#include "validate/npy_file.h"

#include <fmt/format.h>

#include <bit>
#include <cstddef>
#include <string_view>

namespace fidelio {

static_assert(std::endian::native == std::endian::little, "float32 values are written as they lie");

std::string npy_header(std::int64_t rows, std::int64_t cols) {
  constexpr std::string_view kMagic("\x93NUMPY\x01\x00", 8);
  constexpr std::size_t kLengthBytes = 2;
  constexpr std::size_t kAlignment = 64;
  std::string dictionary =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, cols);
  const std::size_t before = kMagic.size() + kLengthBytes;
  const std::size_t unpadded = before + dictionary.size() + 1;  // with the newline
  dictionary.append((kAlignment - unpadded % kAlignment) % kAlignment, ' ');
  dictionary += '\n';
  std::string header(kMagic);
  header += static_cast<char>(dictionary.size() & 0xFFU);
  header += static_cast<char>(dictionary.size() >> 8U);
  return header + dictionary;
}

}  // namespace fidelio
