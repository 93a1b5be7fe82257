// The options of the commands that measure beside `validate run`: launch, noise, replay. What they
// do with them is in their own files.
#pragma once

#include <CLI/App.hpp>

#include "validate/commands.h"

namespace fidelio {

/// Each adds its subcommand to `app`; parsing it runs the command into `code`. All three outlive
/// the parse.
void add_launch(CLI::App& app, LaunchOptions& options, int& code);
void add_noise(CLI::App& app, NoiseOptions& options, int& code);
void add_replay(CLI::App& app, ReplayOptions& options, int& code);

}  // namespace fidelio
