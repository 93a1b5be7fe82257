// Bytes of a vector file, two hexadecimal digits each.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace fidelio::testing {

inline std::vector<std::byte> from_hex(const std::string& text) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i < text.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(std::stoul(text.substr(i, 2), nullptr, 16)));
  return bytes;
}

}  // namespace fidelio::testing
