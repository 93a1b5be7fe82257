// What a file holds, as bytes in a string; an absent file holds nothing.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace fidelio::testing {

inline std::string content_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace fidelio::testing
