#include "validate/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "validate/commands.h"
#include "validate/measuring_command_line.h"
#include "validate/run_command_line.h"
#include "validate/shared_options.h"
#include "validate/synth/published_configs.h"
#include "validate/version.h"

namespace fidelio {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 pass, 1 fidelity, 2 usage or bad input, 3 performance regression, 4 "
    "inconclusive, 5 vacuous,\n"
    "130 interrupted. Documentation: README.md and docs/.";

void add_run(CLI::App& app, RunOptions& options, int& code) {
  CLI::App* run = app.add_subcommand(
      "run", "Run both arms side by side, compare, time, write a capsule (the default)");
  add_run_options(*run, options, [&] { code = run_command(options); });
}

void add_bisect(CLI::App& app, RunOptions& options, int& code) {
  CLI::App* bisect = app.add_subcommand(
      "bisect",
      "Find the first bad patch, layer, op and token of a failing run; takes the run's options");
  add_run_options(*bisect, options, [&] { code = bisect_command(options); });
}

void add_explain(CLI::App& app, ExplainOptions& options, int& code) {
  CLI::App* explain =
      app.add_subcommand("explain", "Show sites, refusals, both graphs and scratch bytes");
  explain->add_option("MODEL", options.model, kModelHelp)->required();
  add_load(*explain, options.load);
  explain->add_option("--patches", options.patches, "Profile or names")->capture_default_str();
  explain->add_option("--tokens", options.n_tokens, "Tokens of the step to plan for")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 16));
  explain->add_option("--threads", options.threads, "Threads whose workspaces are counted")
      ->check(CLI::Range(1, 1024));
  explain->add_flag("!--no-graphs", options.graphs, "Leave the graphs out");
  explain->callback([&] { code = explain_command(options); });
}

void add_logits(CLI::App& app, LogitsOptions& options, int& code) {
  CLI::App* logits =
      app.add_subcommand("logits", "Write an arm's logits at every position of a prompt as .npy");
  logits->add_option("MODEL", options.model, kModelHelp)->required();
  auto* prompt = logits->add_option("--prompt", options.prompt, "Prompt text");
  logits->add_option("--prompt-ids", options.prompt_ids, "Prompt as token ids: 1,2,3")
      ->delimiter(',')
      ->excludes(prompt);
  logits->add_option("--out", options.out, "The .npy file to write")->required();
  logits->add_option("--arm", options.arm, "baseline, patched, or truth (float64)")
      ->capture_default_str()
      ->check(CLI::IsMember({"baseline", "patched", "truth"}));
  logits->add_option("--patches", options.patches, "Profile or names, with --arm patched")
      ->capture_default_str();
  logits->add_option("--target", options.target, "Vector target (default: the best)");
  logits->add_option("--threads", options.threads, "Threads (default: one for each processor)")
      ->check(CLI::Range(1, 1024));
  logits->add_option("--width", options.width, "Tokens a step")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  add_load(*logits, options.load);
  add_allow_swap(*logits, options.allow_swap);
  logits->callback([&] { code = logits_command(options); });
}

void add_ops(CLI::App& app, OpsOptions& options, int& code) {
  CLI::App* ops = app.add_subcommand(
      "ops", "Check every kernel by itself against float64 and the scalar reference");
  auto* model = ops->add_option("MODEL", options.model,
                                "Take shapes and weights from this model (default: sizes around "
                                "the vector widths, random weights)");
  auto* op = ops->add_option("--op", options.ops, "Check this kernel alone; may be repeated");
  ops->add_option("--target", options.target, "Vector target (default: the best)");
  add_load(*ops, options.load);
  auto* threads = ops->add_option("--threads", options.threads,
                                  "The most parts into which a kernel's work is divided")
                      ->capture_default_str()
                      ->check(CLI::Range(1, 1024));
  auto* seed =
      ops->add_option("--seed", options.seed, "Every case follows from it")->capture_default_str();
  auto* shape =
      ops->add_option("--shape", options.shape,
                      "ROWSxCOLS of weights, rows of COLS elsewhere; heads and head_dim of an "
                      "attention op named by --op")
          ->excludes(model);
  auto* experts = ops->add_option("--experts", options.experts, "Experts a layer")
                      ->check(CLI::Range(1, 4096))
                      ->excludes(model);
  auto* top_k = ops->add_option("--top-k", options.top_k, "Experts a token")
                    ->check(CLI::Range(1, 256))
                    ->excludes(model);
  auto* tokens = ops->add_option("--tokens", options.tokens, "Tokens of a step: 1,7,33")
                     ->delimiter(',')
                     ->check(CLI::Range(1, 4096));
  ops->add_option("--save", options.save,
                  "Where the first failing case goes (default: fidelio-ops-OP-SEED.json)");
  auto* again = ops->add_option("--case", options.case_file, "Run a saved case again, alone");
  auto* captured = ops->add_option("--from-capsule", options.from_capsule,
                                   "Run every kernel on the activations of a recorded run");
  auto* json = ops->add_flag("--json", options.json, "Print the result as JSON");
  for (CLI::Option* other : {op, threads, seed, shape, experts, top_k, tokens}) {
    again->excludes(other);
    captured->excludes(other);
  }
  captured->excludes(again)->excludes(json);
  ops->callback([&] { code = ops_command(options); });
}

void add_report(CLI::App& app, ReportOptions& options, int& code) {
  CLI::App* report = app.add_subcommand("report", "Print a report from capsules");
  report->add_option("CAPSULE", options.capsules, "Capsule files")->required();
  report->add_option("--format", options.format, "text, markdown, csv or html")
      ->capture_default_str()
      ->check(CLI::IsMember({"text", "markdown", "csv", "html"}));
  report->callback([&] { code = report_command(options); });
}

void add_gate_outputs(CLI::App& gate, GateOutputs& outputs) {
  gate.add_option("--junit", outputs.junit, "Also write the outcome as JUnit XML to this file");
  gate.add_flag("--annotations", outputs.annotations,
                "Also print GitHub Actions' annotations, at most 10 errors and 10 warnings");
  gate.add_flag("--summary", outputs.summary,
                "Also append outcome and report as Markdown to $GITHUB_STEP_SUMMARY");
}

void add_gate(CLI::App& app, GateOptions& options, int& code) {
  CLI::App* gate = app.add_subcommand(
      "gate", "Recompute the verdict of capsules, hold them to a policy, exit by the worst");
  gate->add_option("CAPSULE", options.capsules, "Capsule files")->required();
  gate->add_option("--policy", options.policy, "What must hold, as JSON (docs/gating.md)");
  gate->add_option(
      "--against", options.against,
      "Stored capsules: none may be worse than that of its model, prompts and options");
  add_gate_outputs(*gate, options.outputs);
  gate->callback([&] { code = gate_command(options); });
}

void add_diff(CLI::App& app, DiffOptions& options, int& code) {
  CLI::App* diff = app.add_subcommand(
      "diff", "Two capsules side by side; exits with 4 where they are not comparable");
  diff->add_option("A", options.a, "The capsule to compare with")->required();
  diff->add_option("B", options.b, "The capsule whose speedup is held against it")->required();
  diff->callback([&] { code = diff_command(options); });
}

void add_synth(CLI::App& app, SynthOptions& options, int& code) {
  CLI::App* synth = app.add_subcommand(
      "synth", "Write a checkpoint with the exact shapes of a published model and random weights");
  synth
      ->add_option("FAMILY", options.family,
                   fmt::format("{}", fmt::join(synth::family_names(), ", ")))
      ->required();
  synth->add_option("OUT", options.out, "A folder that is new or empty; with gguf also a new file")
      ->required();
  synth->add_option("--format", options.format, "mlx, hf (Hugging Face) or gguf")
      ->capture_default_str()
      ->check(CLI::IsMember({"mlx", "hf", "gguf"}));
  synth->add_option("--bits", options.bits,
                    "mlx: 2, 3, 4, 5, 6, 8, or 16 for bfloat16; gguf: 4, 8 or 16 (default: 4; 8 "
                    "where the experts of gpt-oss are mxfp4)");
  synth->add_option("--group-size", options.group_size, "mlx: 32, 64 or 128 (default: 64)");
  synth->add_option("--mode", options.mode,
                    "mlx: affine or mxfp4 (default: affine; mxfp4 for the experts of gpt-oss)");
  synth->add_option("--layers", options.layers, "Only the first layers");
  synth->add_option("--seed", options.seed, "Every weight follows from it")->capture_default_str();
  synth->callback([&] { code = synth_command(options); });
}

void add_tokenize(CLI::App& app, TokenizeOptions& options, int& code) {
  CLI::App* tokenize = app.add_subcommand(
      "tokenize",
      "Token ids of a text (--text or stdin) as --prompt-ids takes them, or the text "
      "of --ids");
  tokenize
      ->add_option("MODEL", options.model,
                   "A directory with a tokenizer (no weights needed) or a name in models/")
      ->required();
  auto* text = tokenize->add_option("--text", options.text, "The text (default: all of stdin)");
  auto* ids = tokenize->add_option("--ids", options.ids, "Print the text of these ids: 1,2,3")
                  ->delimiter(',');
  auto* no_bos = tokenize->add_flag("!--no-bos", options.prompt,
                                    "The text alone, without what the model's prompts begin with");
  ids->excludes(text)->excludes(no_bos);
  auto* pieces = tokenize->add_flag("--pieces", options.pieces, "A line an id: id, tab, piece");
  tokenize->add_flag("--json", options.json, "ids, pieces and text as JSON")->excludes(pieces);
  tokenize->callback([&] { code = tokenize_command(options); });
}

/// `validate MODEL …` becomes `validate run MODEL …`.
std::vector<std::string> with_default_command(int argc, const char* const* argv,
                                              const CLI::App& app) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty() || arguments[0].empty() || arguments[0] == "-h" ||
      arguments[0] == "--help" || arguments[0] == "--help-all" || arguments[0] == "--version") {
    return arguments;
  }
  const auto named = app.get_subcommands(
      [&](const CLI::App* command) { return command->check_name(arguments[0]); });
  if (named.empty()) arguments.insert(arguments.begin(), "run");
  return arguments;
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  CLI::App app{"Fidelio: does a fused kernel change what the model says, and is it really faster?",
               "validate"};
  app.footer(kFooter);
  app.set_version_flag("--version", version_text,
                       "Print version, commit, numerics contract, capsule schema, vector targets");
  app.require_subcommand(1);
  int code = 0;
  RunOptions run;
  LaunchOptions launch;
  NoiseOptions noise;
  ReplayOptions replay;
  RunOptions bisect;
  ExplainOptions explain;
  LogitsOptions logits;
  OpsOptions ops;
  ReportOptions report;
  GateOptions gate;
  DiffOptions diff;
  SynthOptions synth;
  TokenizeOptions tokenize;
  add_run(app, run, code);
  add_launch(app, launch, code);
  add_noise(app, noise, code);
  add_replay(app, replay, code);
  add_bisect(app, bisect, code);
  add_explain(app, explain, code);
  add_logits(app, logits, code);
  add_ops(app, ops, code);
  add_report(app, report, code);
  add_gate(app, gate, code);
  add_diff(app, diff, code);
  add_synth(app, synth, code);
  add_tokenize(app, tokenize, code);
  std::vector<std::string> arguments = with_default_command(argc, argv, app);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes a stack
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return code;
}

}  // namespace fidelio
