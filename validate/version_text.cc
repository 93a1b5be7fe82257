// What `validate --version` prints.
#include <fmt/format.h>

#include "kernels/contract.h"
#include "kernels/table.h"
#include "validate/version.h"

namespace fidelio {
namespace {

std::string commit_of(const ProgramRecord& program) {
  if (program.git_commit.empty()) return "built outside a checkout";
  return fmt::format("commit {}{}", program.git_commit, program.git_dirty ? ", modified" : "");
}

}  // namespace

std::string version_text() {
  const ProgramRecord program = program_version();
  return fmt::format(
      "validate {} ({})\n"
      "numerics contract: {}\n"
      "capsule schema:    {}\n"
      "vector targets:    {}\n"
      "compiler:          {}, {} {}",
      program.version, commit_of(program), contract::kNumericsVersion, kCapsuleSchemaVersion,
      fmt::join(kernel_targets(), ", "), program.compiler, program.build_type,
      program.compiler_flags);
}

}  // namespace fidelio
