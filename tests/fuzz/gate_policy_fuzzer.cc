// Any bytes as a gate's policy: an error, or a policy that a capsule is held to and that compares
// it with itself.
#include <cstdint>
#include <string>

#include "capsules/capsule_error.h"
#include "capsules/gate.h"
#include "tests/capsules/speed_series.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using fidelio::testing::around;
  static const fidelio::NamedCapsule capsule{"c.json",
                                             fidelio::testing::with_series(around(7, 0.95))};
  try {
    fidelio::GateContext context;
    context.policy = fidelio::policy_from_json(
        std::string(reinterpret_cast<const char*>(data), size), "policy.json");
    context.now_s = 1738411200;
    context.numerics_version = 1;
    context.against = {capsule};
    fidelio::gate_text(fidelio::gate(std::span(&capsule, 1), context));
  } catch (const fidelio::CapsuleError&) {
  }
  return 0;
}
