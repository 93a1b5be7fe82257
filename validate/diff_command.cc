// validate diff: two capsules side by side; exits by whether they are comparable.
#include <cstdio>

#include "capsules/diff.h"
#include "capsules/exit_code.h"
#include "capsules/json.h"
#include "validate/commands.h"

namespace fidelio {

int diff_command(const DiffOptions& options) {
  const CapsuleDiff diff = diff_capsules(options.a.filename().string(), read_capsule(options.a),
                                         options.b.filename().string(), read_capsule(options.b));
  std::fputs(diff.text.c_str(), stdout);
  return diff.comparable ? kPass : kInconclusive;
}

}  // namespace fidelio
