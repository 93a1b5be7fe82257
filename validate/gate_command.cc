// validate gate: reads capsules and a policy alone, recomputes every verdict, exits by the worst.
#include <ctime>
#include <utility>

#include "capsules/gate.h"
#include "capsules/json.h"
#include "kernels/contract.h"
#include "validate/commands.h"
#include "validate/gate_outputs.h"

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
  check_gate_outputs(options.outputs);
  GateContext context;
  if (options.policy) context.policy = read_gate_policy(*options.policy);
  context.now_s = static_cast<std::int64_t>(std::time(nullptr));
  context.numerics_version = contract::kNumericsVersion;
  context.against = read_all(options.against);
  std::vector<NamedCapsule> capsules = read_all(options.capsules);
  const std::vector<GateResult> results = gate(capsules, context);
  std::vector<Record> records;
  for (NamedCapsule& capsule : capsules) records.push_back(std::move(capsule.record));
  write_gate_outputs(options.outputs, gate_text(results), results, records);
  return combined_exit_code(results);
}

}  // namespace fidelio
