// Where the values of a graph lie in scratch memory: two regions, one in elements a token and one
// in elements a wanted row, so that one layout serves every step width. A value's place is used
// again once its last reader has run.
#pragma once

#include <vector>

#include "core/graph.h"

namespace fidelio {

struct ScratchLayout {
  struct Place {
    std::size_t offset = 0;  ///< elements of 4 bytes a row
    std::size_t width = 0;   ///< 0: the value has no memory (inputs, caches)
    bool wanted_rows = false;
  };
  std::vector<Place> places;  ///< by ValueId
  std::size_t per_token = 0;
  std::size_t per_wanted_row = 0;
};

ScratchLayout lay_out(const Graph& graph);

}  // namespace fidelio
