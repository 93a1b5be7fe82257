// What `validate --version` prints.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "kernels/contract.h"
#include "kernels/table.h"
#include "validate/version.h"

namespace fidelio {
namespace {

std::string commit_of(const ProgramRecord& program) {
  if (program.git_commit.empty()) return "built outside a checkout";
  return fmt::format("commit {}{}", program.git_commit, program.git_dirty ? ", modified" : "");
}

/// CMake leaves blanks around them.
std::string_view trimmed(std::string_view flags) {
  const std::size_t begin = std::min(flags.find_first_not_of(' '), flags.size());
  return flags.substr(begin, flags.find_last_not_of(' ') + 1 - begin);
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
      trimmed(program.compiler_flags));
}

}  // namespace fidelio
