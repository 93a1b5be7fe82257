// Random 64-bit words by position: word i of a tensor follows from the seed, the tensor's name and
// i alone, so it does not matter which thread makes it, or in which file it ends.
#pragma once

#include <cstdint>
#include <string_view>

namespace fidelio::synth {

inline constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15U;

/// The output function of splitmix64. Source: Steele, Lea, Flood 2014, Fast Splittable Pseudorandom
/// Number Generators, with Stafford's thirteenth variant of the constants.
constexpr std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31);
}

/// A stream of its own for every name and seed.
constexpr std::uint64_t stream_key(std::string_view name, std::uint64_t seed) {
  std::uint64_t key = mix(seed + kGolden);
  for (const char c : name) key = mix((key ^ static_cast<unsigned char>(c)) + kGolden);
  return key;
}

constexpr std::uint64_t random_word(std::uint64_t key, std::uint64_t index) {
  return mix(key + (index + 1) * kGolden);
}

}  // namespace fidelio::synth
