// Where else a gate's outcome goes: a JUnit file, GitHub's annotations, its summary page. What they
// say is capsules/'s; what the gate decides is gate_command.cc's.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "capsules/gate.h"

namespace fidelio {

struct GateOutputs {
  std::optional<std::filesystem::path> junit;
  bool annotations = false;  ///< on stdout, after the text
  bool summary = false;      ///< appended to the file that GITHUB_STEP_SUMMARY names
};

/// Throws UserError or CapsuleError where an output that was asked for has nowhere to go: asked
/// before anything is read, so that a gate does not fail for it at the end.
void check_gate_outputs(const GateOutputs& outputs);

/// Writes what was asked for; `text` is the gate's own, for stdout. With annotations it stands
/// between commands that keep GitHub from acting on the text of a capsule.
void write_gate_outputs(const GateOutputs& outputs, const std::string& text,
                        const std::vector<GateResult>& results, const std::vector<Record>& records);

}  // namespace fidelio
