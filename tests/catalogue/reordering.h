// A reordering as data: which ops add up in which other order. Reading files is reordering_file.h,
// the kernels are reordered_kernels.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "core/ops.h"

namespace fidelio::catalogue {

/// How partial sums become one.
enum class Reduction : std::uint8_t {
  tree,        ///< the upper half onto the lower, again and again
  neighbours,  ///< 0 and 1, 2 and 3, ... again and again
  sequential,  ///< from the first
  reverse,     ///< from the last
};

struct SumOrder {
  bool pairwise = false;    ///< halves of the range, recursively, down to `leaf` elements
  std::size_t leaf = 8;     ///< of a pairwise sum, added left to right
  std::size_t lanes = 1;    ///< accumulators, otherwise
  bool blocks = false;      ///< a lane adds neighbours, not every lanes-th element
  bool descending = false;  ///< elements from the last
  bool fma = true;
  bool float64 = false;  ///< accumulators in float64, rounded once
  Reduction reduction = Reduction::tree;
};

enum class ExpertSum : std::uint8_t { strongest_first, weakest_first, by_id, pairwise };

struct Reordering {
  std::string name;     ///< of the file, without .json
  std::string summary;  ///< one line for people
  std::set<Op> ops;
  SumOrder sum;
  ExpertSum experts = ExpertSum::strongest_first;
  std::vector<std::string> models;  ///< folders under tests/data/oracles
  bool random_routers = true;       ///< runs on routers as they are
  bool tied_routers = true;         ///< runs on routers whose rows are drawn together
  // Only in false_reorderings/: what makes it a defect.
  std::size_t dropped_tail = 0;  ///< elements that no sum gets
  double misroute_gap = 0;       ///< router logits nearer than this: the weakest expert is taken
  bool is_defect() const { return dropped_tail > 0 || misroute_gap > 0; }
};

}  // namespace fidelio::catalogue
