// From a failing validation to the first bad patch, layer, op and token: both arms run in lockstep
// on the baseline's values, node by node, so that the graph that is examined is the graph that
// failed. What is found is confirmed by switching it off and by leaving it alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "validate/progress.h"
#include "validate/side_by_side.h"

namespace fidelio {

/// One node of the patched graph that does not what its class promises.
struct Culprit {
  std::string patch;  ///< empty: a node that no patch wrote
  std::string site;   ///< the result, as in the graph's text
  std::string op;
  int layer = -1;
  std::string kind;  ///< "differing bits", "foreign writes", "wrong experts", "site test", ...
  std::int64_t prompt = 0;
  std::int64_t width = 0;     ///< tokens of the step
  std::int64_t position = 0;  ///< of the first bad token: its index in prompt and generated ids
  std::int64_t token_id = 0;  ///< that token
};

struct BisectResult {
  bool failed = false;            ///< false: nothing to look for
  std::string failure;            ///< the sentence of the verdict that is explained
  std::vector<Culprit> culprits;  ///< in the order in which the step meets them; the first is first
  /// Without the culprits the failure is gone, and with them alone it is the same failure.
  bool gone_without = false;
  bool same_alone = false;

  bool confirmed() const { return gone_without && same_alone; }
};

/// `record` has its context and prompts (validate/record_context.h). Throws Interrupted.
BisectResult bisect(const LoadedModel& model, const RunOptions& options, const Sides& sides,
                    const Record& record, Progress& progress);

}  // namespace fidelio
