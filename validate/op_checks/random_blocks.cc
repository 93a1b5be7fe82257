#include "validate/op_checks/random_blocks.h"

#include <cstring>
#include <vector>

namespace fidelio {
namespace {

/// First and last scale bytes of a kind: products of huge ones stay finite for a sum of a thousand.
struct ScaleBytes {
  unsigned first;
  unsigned last;
};

ScaleBytes scale_bytes_of(DataKind kind) {
  switch (kind) {
    case DataKind::huge:
      return {207, 234};
    case DataKind::tiny:
      return {2, 67};
    case DataKind::denormals:
      return {0, 1};
    default:
      return {119, 126};
  }
}

/// Where a block keeps its binary16 numbers, one or two of them.
std::vector<std::size_t> halves_of(WeightFormat format) {
  if (format == WeightFormat::q4_1) return {0, 2};
  return {format == WeightFormat::q6_k ? block_shape(format).bytes - 2 : 0};
}

/// Power of two by which the scales are below 1, so that products are not far from it.
int scale_shift(WeightFormat format) {
  return format == WeightFormat::q8_0 || format == WeightFormat::q6_k ? -8 : -4;
}

}  // namespace

void fill_bytes(Random& random, std::size_t n, std::byte* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<std::byte>(random.next() >> 32 & 0xFFU);
}

void fill_e8m0(Random& random, DataKind kind, std::size_t n, std::byte* out) {
  const ScaleBytes range = scale_bytes_of(kind);
  for (std::size_t i = 0; i < n; ++i)
    out[i] = static_cast<std::byte>(range.first + random.below(range.last - range.first + 1));
}

void fill_e2m1(Random& random, DataKind kind, std::size_t n, std::byte* out) {
  fill_bytes(random, n, out);
  if (kind != DataKind::signed_zeros) return;
  for (std::size_t i = 0; i < n; ++i)
    if (random.below(3) != 0) out[i] &= std::byte{0x88};
}

void fill_blocks(Random& random, WeightFormat format, DataKind kind, std::size_t n,
                 std::byte* out) {
  const std::size_t bytes = block_shape(format).bytes;
  if (format == WeightFormat::mxfp4_blocks) {
    for (std::size_t i = 0; i < n; ++i) {
      fill_e8m0(random, kind, 1, out + i * bytes);
      fill_e2m1(random, kind, bytes - 1, out + i * bytes + 1);
    }
    return;
  }
  fill_bytes(random, n * bytes, out);
  std::vector<std::byte> halves(2 * n);
  for (const std::size_t offset : halves_of(format)) {
    const bool is_minimum = format == WeightFormat::q4_1 && offset == 2;
    const DataKind own = is_minimum && kind == DataKind::negative_scales ? DataKind::normal : kind;
    fill_floats(random, ScaleType::f16, own, is_minimum ? 0 : scale_shift(format), n,
                halves.data());
    for (std::size_t i = 0; i < n; ++i) std::memcpy(out + i * bytes + offset, &halves[2 * i], 2);
  }
}

}  // namespace fidelio
