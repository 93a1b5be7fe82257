// The gate's outcome as workflow commands of GitHub Actions, which show it beside the pull request.
// What is checked is capsules/gate.h's.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "capsules/gate.h"

namespace fidelio {

/// GitHub shows this many errors and this many warnings of a step and drops the rest.
inline constexpr std::size_t kMaxAnnotations = 10;

/// A line "::error title=...::..." a failed case, "::warning ..." an inconclusive one; of more than
/// kMaxAnnotations of a kind the last says how many more there are. Capsules that fail come first
/// with their verdicts. Escaped as GitHub's toolkit does (actions/toolkit, command.ts).
std::string github_annotations(const std::vector<GateResult>& results);

/// `text` between two commands that make GitHub ignore all commands in between, so that what comes
/// from a capsule is only text. `token` must be one that no capsule can know.
std::string without_commands(const std::string& text, const std::string& token);

}  // namespace fidelio
