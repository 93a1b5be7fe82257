// Which pairs are measured next, and in which process: --launches, --looks and --confirm as one
// pure function of the record so far. How a fresh process is started is validate/fresh_process.h.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "capsules/record.h"

namespace fidelio {

/// Pairs that one process measures in a row.
struct Stage {
  std::string purpose = "measure";  ///< or "confirm"
  std::int64_t pairs = 0;
  bool fresh = false;  ///< in a process of their own

  bool operator==(const Stage&) const = default;
};

/// What the record's options still ask for; absent when all is measured. options.runs pairs are
/// spread over options.launches processes. With two looks, as many again follow, spread in the same
/// way, unless the first look decides both phases. With options.confirm, a regression is then
/// measured again, by as many pairs in a process of their own.
std::optional<Stage> next_stage(const Record& record);

/// How a stage's pairs come into the record.
struct Measurement {
  std::function<void(const Stage&)> here;
  std::function<void(const Stage&)> fresh;
};

/// Stage by stage to the end; the record is then complete. What `measurement` throws goes on.
void measure_all(Record& record, const Measurement& measurement);

}  // namespace fidelio
