// Two capsules side by side: what was run where, what each patch did, fidelity, and by how much the
// speedup of one lies above the other's. Nothing is judged but whether they are comparable.
#pragma once

#include <string>

#include "capsules/record.h"

namespace fidelio {

struct CapsuleDiff {
  bool comparable = false;  ///< in all respects, speed included
  std::string text;         ///< without control characters but newlines; the last line says whether
};

/// `name_a` and `name_b` are shown. Verdicts are recomputed. The shift of the speedup is that of b
/// against a: the Hodges-Lehmann median of all differences of log ratios with the exact
/// Mann-Whitney interval. Where speed, or all, is not comparable, the text says why instead.
CapsuleDiff diff_capsules(const std::string& name_a, const Record& a, const std::string& name_b,
                          const Record& b);

}  // namespace fidelio
