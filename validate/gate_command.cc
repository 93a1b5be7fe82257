// validate gate: reads capsules and a policy alone, recomputes every verdict, exits by the worst.
#include <cstdio>
#include <ctime>

#include "capsules/gate.h"
#include "capsules/json.h"
#include "kernels/contract.h"
#include "validate/commands.h"

namespace fidelio {
namespace {

std::vector<NamedCapsule> read_all(const std::vector<std::filesystem::path>& paths) {
  std::vector<NamedCapsule> out;
  for (const std::filesystem::path& path : paths)
    out.push_back({path.filename().string(), read_capsule(path)});
  return out;
}

}  // namespace

int gate_command(const GateOptions& options) {
  GateContext context;
  if (options.policy) context.policy = read_gate_policy(*options.policy);
  context.now_s = static_cast<std::int64_t>(std::time(nullptr));
  context.numerics_version = contract::kNumericsVersion;
  context.against = read_all(options.against);
  const std::vector<GateResult> results = gate(read_all(options.capsules), context);
  std::fputs(gate_text(results).c_str(), stdout);
  return combined_exit_code(results);
}

}  // namespace fidelio
