// Checks of our own assumptions. They stay on in every build: a validator that continues past a
// broken invariant would certify kernels it never ran. Bad input from users is a UserError instead.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace fidelio {

[[noreturn]] inline void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "fidelio: internal check failed: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace fidelio

#define FIDELIO_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::fidelio::check_failed(#condition, __FILE__, __LINE__))
