// Seeded numbers of every kind, in every float format, by their bits: the same on every machine and
// with every standard library. Where they are put is validate/op_checks/op_problem.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "validate/op_checks/op_case.h"

namespace fidelio {

/// SplitMix64 (Steele, Lea and Flood 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  /// Uniform enough in [0, n) for choosing test inputs; n > 0.
  std::size_t below(std::size_t n) { return static_cast<std::size_t>((next() >> 16) % n); }

 private:
  std::uint64_t state_;
};

/// Fills n numbers of `type`. Normal ones have magnitudes in [2^(shift - 6), 2^shift) and either
/// sign; nan and infinite plant a few among normal ones; of negative_scales all are negative.
void fill_floats(Random& random, ScaleType type, DataKind kind, int shift, std::size_t n,
                 std::byte* out);

}  // namespace fidelio
