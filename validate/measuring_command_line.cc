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

void add_noise(CLI::App& app, NoiseOptions& options, int& code) {
  CLI::App* noise = app.add_subcommand(
      "noise", "Measure the baseline against itself and keep this machine's noise floor");
  noise->add_option("MODEL", options.model, kModelHelp)->required();
  noise->add_option("--series", options.series, "Series of pairs")->capture_default_str();
  noise->add_option("--runs", options.runs, "Timed pairs of a series")->capture_default_str();
  noise->add_option("--max-tokens", options.max_tokens, "Tokens to generate in each run")
      ->capture_default_str();
  noise->add_option("--threads", options.threads, "Threads (default: one for each processor)")
      ->check(CLI::Range(1, 1024));
  noise->add_option("--target", options.target, "Vector target (default: the best)");
  add_load(*noise, options.load);
  add_allow_swap(*noise, options.allow_swap);
  noise->add_flag("--json", options.json, "Print the result as JSON");
  noise->callback([&] { code = noise_command(options); });
}

void add_replay(CLI::App& app, ReplayOptions& options, int& code) {
  CLI::App* replay = app.add_subcommand(
      "replay", "Run again what a capsule says and compare: same ids, same bits, same verdict?");
  replay->add_option("CAPSULE", options.capsule, "Capsule file")->required();
  replay->add_option("--model", options.model,
                     "Where the capsule's model is (default: its id, as a name in models/ or in "
                     "the local Hugging Face cache)");
  replay->add_option("--threads", options.threads, "Threads (default: the capsule's)")
      ->check(CLI::Range(1, 1024));
  replay->add_option("--target", options.target,
                     "Vector target (default: the capsule's, else the best)");
  replay->add_option("--runs", options.runs, "Timed pairs (default: the capsule's; 0: none)")
      ->check(CLI::Range(0, 10000));
  add_load(*replay, options.load);
  add_allow_swap(*replay, options.allow_swap);
  replay->add_option("--capsule", options.new_capsule, "Keep the repetition's capsule here");
  replay->add_flag("--json", options.json, "Print the comparison as JSON");
  replay->callback([&] { code = replay_command(options); });
}

}  // namespace fidelio
