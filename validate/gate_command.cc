// validate gate: reads capsules alone, recomputes every verdict, exits by the worst.
#include <cstdio>

#include "capsules/gate.h"
#include "capsules/json.h"
#include "validate/commands.h"

namespace fidelio {

int gate_command(const std::vector<std::filesystem::path>& capsules) {
  std::vector<GateResult> results;
  for (const std::filesystem::path& path : capsules) {
    results.push_back(gate(path.filename().string(), read_capsule(path)));
  }
  std::fputs(gate_text(results).c_str(), stdout);
  return combined_exit_code(results);
}

}  // namespace fidelio
