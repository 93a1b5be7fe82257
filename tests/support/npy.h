// Reads the .npy files of floats and doubles that reference scripts write (format 1.0, C order).
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace fidelio::testing {

template <class T = float>
std::vector<T> read_npy(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (bytes.size() < 10 || bytes.compare(1, 5, "NUMPY") != 0)
    throw std::runtime_error(file.string() + ": no .npy file");
  const std::size_t header =
      static_cast<unsigned char>(bytes[8]) + 256U * static_cast<unsigned char>(bytes[9]);
  const char* dtype = sizeof(T) == 4 ? "'<f4'" : "'<f8'";
  if (bytes.find(dtype) > header + 10)
    throw std::runtime_error(file.string() + ": not of dtype " + dtype);
  std::vector<T> values((bytes.size() - 10 - header) / sizeof(T));
  std::memcpy(values.data(), bytes.data() + 10 + header, values.size() * sizeof(T));
  return values;
}

}  // namespace fidelio::testing
