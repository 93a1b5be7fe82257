#include "validate/float_environment.h"

#include <fmt/format.h>

#include <cstdint>

#include "core/user_error.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace fidelio {
namespace {

/// The mode bits that are set though they must not be.
std::uint64_t forbidden_mode_bits() {
#if defined(__x86_64__)
  constexpr std::uint32_t kFlushToZero = 0x8000;
  constexpr std::uint32_t kDenormalsAreZero = 0x0040;
  constexpr std::uint32_t kRounding = 0x6000;
  return _mm_getcsr() & (kFlushToZero | kDenormalsAreZero | kRounding);
#elif defined(__aarch64__)
  std::uint64_t fpcr = 0;
  asm volatile("mrs %0, fpcr" : "=r"(fpcr));
  constexpr std::uint64_t kFlushToZero = std::uint64_t{1} << 24;
  constexpr std::uint64_t kRounding = std::uint64_t{3} << 22;
  return fpcr & (kFlushToZero | kRounding);
#else
  return 0;
#endif
}

}  // namespace

void require_ieee_mode() {
  const std::uint64_t bits = forbidden_mode_bits();
  if (bits == 0) return;
  throw UserError(
      fmt::format("the processor's floating-point mode was changed (bits {:#x}): expected round to "
                  "nearest and kept "
                  "subnormals. A library linked with fast-math does this when it is loaded",
                  bits));
}

}  // namespace fidelio
