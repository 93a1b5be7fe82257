// argv to a command: flags, help texts, spelling hints. What the commands do is
// validate/commands.h.
#pragma once

namespace fidelio {

/// Parses and runs; returns the exit code. `validate MODEL …` is short for `validate run MODEL …`.
int run_command_line(int argc, const char* const* argv);

}  // namespace fidelio
