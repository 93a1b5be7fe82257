#include "validate/gate_outputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>

#include "capsules/annotations.h"
#include "capsules/atomic_file.h"
#include "capsules/junit.h"
#include "capsules/step_summary.h"
#include "core/user_error.h"

namespace fidelio {
namespace {

constexpr const char* kSummaryVariable = "GITHUB_STEP_SUMMARY";

std::filesystem::path summary_file() {
  const char* name = std::getenv(kSummaryVariable);
  if (name == nullptr || *name == '\0')
    throw UserError(fmt::format(
        "--summary: found no variable {}, expected it to name the file to append to, as GitHub "
        "Actions sets it",
        kSummaryVariable));
  return name;
}

/// What an earlier command of the same step wrote counts towards the page's size. A page that is
/// full already is no reason to fail a gate.
void append_summary(const std::filesystem::path& path, const std::vector<GateResult>& results,
                    const std::vector<Record>& records) {
  std::error_code none;
  const std::uintmax_t found = std::filesystem::file_size(path, none);
  const std::size_t taken = none ? 0 : static_cast<std::size_t>(found);
  const std::size_t room = kMaxSummaryBytes - std::min(kMaxSummaryBytes, taken + 1);
  const std::string text = step_summary(results, records, room);
  if (text.empty()) {
    fmt::print(stderr, "--summary: {} is full, nothing was appended\n", path.string());
    return;
  }
  std::ofstream out(path, std::ios::binary | std::ios::app);
  out << (taken > 0 ? "\n" : "") << text << std::flush;
  if (!out) throw UserError(fmt::format("{}: cannot append the summary", path.string()));
}

/// 128 bits that nobody who wrote a capsule can have known.
std::string random_token() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", device(), device(), device(), device());
}

}  // namespace

void check_gate_outputs(const GateOutputs& outputs) {
  if (outputs.junit) check_writable(*outputs.junit);
  if (outputs.summary) summary_file();
}

void write_gate_outputs(const GateOutputs& outputs, const std::string& text,
                        const std::vector<GateResult>& results,
                        const std::vector<Record>& records) {
  const std::string shown =
      outputs.annotations ? without_commands(text, random_token()) + github_annotations(results)
                          : text;
  std::fputs(shown.c_str(), stdout);
  if (outputs.junit) write_file_atomically(*outputs.junit, junit_report(results));
  if (outputs.summary) append_summary(summary_file(), results, records);
}

}  // namespace fidelio
