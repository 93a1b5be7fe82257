// Random MXFP4 codes and scales and random GGUF blocks of each kind of data. Plain floats are
// random_data.h.
#pragma once

#include <cstddef>

#include "kernels/table.h"
#include "validate/op_checks/random_data.h"

namespace fidelio {

/// n bytes of codes.
void fill_bytes(Random& random, std::size_t n, std::byte* out);

/// n e8m0 scales. They have no sign and no NaN: kinds that ask for those give normal ones.
void fill_e8m0(Random& random, DataKind kind, std::size_t n, std::byte* out);

/// n blocks of `format`: any codes, and binary16 or e8m0 scales of `kind`.
void fill_blocks(Random& random, WeightFormat format, DataKind kind, std::size_t n, std::byte* out);

/// n bytes of two E2M1 codes each: any of them or, with signed_zeros, zeros of either sign in two
/// bytes of three.
void fill_e2m1(Random& random, DataKind kind, std::size_t n, std::byte* out);

}  // namespace fidelio
