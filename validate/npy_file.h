// NumPy's .npy format, version 1.0, as far as a matrix of float32 needs it: the header that stands
// before the rows. Source: numpy.lib.format's description of the format.
#pragma once

#include <cstdint>
#include <string>

namespace fidelio {

/// Magic, version, header length and the dictionary of a C-order little-endian float32 array
/// [rows, cols], padded with spaces and a newline so that the data begins at a multiple of 64.
std::string npy_header(std::int64_t rows, std::int64_t cols);

}  // namespace fidelio
