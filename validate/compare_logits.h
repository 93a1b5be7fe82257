// The teacher-forced comparison: both arms are fed the same tokens in steps of one width, in
// lockstep, in checked mode; every logit of every position is compared bit for bit and no row is
// stored.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "capsules/record.h"
#include "core/decoder.h"

namespace fidelio {

struct CompareInput {
  std::int64_t prompt_index = 0;
  std::span<const std::int32_t> prompt;
  std::span<const std::int32_t> ids;  ///< the baseline's; positions compared: one an id
  std::int64_t width = 1;
  std::int64_t prefill_chunk = 0;
};

/// Describes a fault's node: the plans differ between arms and widths, so the arm knows.
using DescribeNode = std::function<void(std::size_t n_tokens, NodeId node, FaultRecord& out)>;

struct CompareArm {
  const char* name;  ///< "baseline" or "patched"
  Decoder& decoder;
  DescribeNode describe;
};

/// Appends at most kMaxFaults faults in all to `faults`. Throws Interrupted between steps.
ComparisonRecord compare_logits(CompareArm baseline, CompareArm patched, const CompareInput& input,
                                std::vector<FaultRecord>& faults);

inline constexpr std::size_t kMaxFaults = 32;

}  // namespace fidelio
