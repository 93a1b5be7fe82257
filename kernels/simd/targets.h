// Which of Highway's targets keep the contract: those whose MulAdd is one instruction with one
// rounding. On the others no SIMD kernel is compiled and the scalar `_ref` kernels run.
#pragma once

#include "hwy/highway.h"

/// To be used inside a file that Highway includes once per target.
#define FIDELIO_TARGET_IS_EXACT                                                     \
  (HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL || \
   HWY_TARGET == HWY_NEON)
