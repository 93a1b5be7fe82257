#include "validate/measuring_command_line.h"

#include "validate/shared_options.h"

namespace fidelio {

/// In no help: validate/run_command.cc starts it.
void add_launch(CLI::App& app, LaunchOptions& options, int& code) {
  CLI::App* launch = app.add_subcommand("launch", "Add timed pairs to the capsule of a run");
  launch->group("");
  launch->add_option("--capsule", options.capsule)->required();
  launch->add_option("--model", options.model)->required();
  launch->add_option("--load", options.load);
  launch->add_option("--purpose", options.purpose)->check(CLI::IsMember({"measure", "confirm"}));
  launch->add_option("--pairs", options.pairs)->required()->check(CLI::Range(1, 20000));
  launch->add_flag("--allow-swap", options.allow_swap);
  launch->callback([&] { code = launch_command(options); });
}

}  // namespace fidelio
