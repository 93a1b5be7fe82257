// The options of `validate run`: from flags to RunOptions. What their values must be is
// check_run_options() of validate/run_options.h.
#pragma once

#include <CLI/App.hpp>
#include <functional>

#include "validate/run_options.h"

namespace fidelio {

/// Adds every option to the subcommand `run`. When it has been parsed, what --stress implies is
/// filled in and `then` called. `options` and `run` outlive the parse. Throws UserError from it: a
/// list or a budget that cannot be read.
void add_run_options(CLI::App& run, RunOptions& options, std::function<void()> then);

}  // namespace fidelio
