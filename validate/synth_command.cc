// validate synth: a checkpoint with the exact shapes of a published model and random weights, for
// measuring what a model of that size costs without having it.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "core/quote.h"
#include "core/user_error.h"
#include "validate/commands.h"
#include "validate/interrupt.h"
#include "validate/synth/published_configs.h"
#include "validate/synth/write_files.h"

namespace fidelio {
namespace {

namespace fs = std::filesystem;

/// Where the files go, and what is in them.
struct Destination {
  fs::path folder;
  std::vector<synth::PlannedFile> files;
};

void require_new_or_empty(const fs::path& out) {
  if (!fs::exists(out)) return;
  if (!fs::is_directory(out))
    throw UserError(fmt::format("{}: found a file, expected a new folder", path_text(out)));
  if (!fs::is_empty(out)) {
    throw UserError(fmt::format(
        "{}: found a folder that is not empty, expected a new or an empty one", path_text(out)));
  }
}

synth::Format parse_format(const std::string& name) {
  if (name == "hf") return synth::Format::hf;
  if (name == "mlx") return synth::Format::mlx;
  if (name == "gguf") return synth::Format::gguf;
  throw UserError(fmt::format("--format: found {}, expected mlx, hf or gguf", quote(name)));
}

Destination destination_of(const SynthOptions& options, synth::Format format,
                           const synth::StoredModel& model) {
  const fs::path& out = options.out;
  if (format != synth::Format::gguf) {
    require_new_or_empty(out);
    return {out, safetensors_files(model, format)};
  }
  if (out.extension() != ".gguf") {
    require_new_or_empty(out);
    return {out, {gguf_file(model, options.family + ".gguf")}};
  }
  if (fs::exists(out))
    throw UserError(fmt::format("{}: found a file or folder, expected none yet", path_text(out)));
  const fs::path folder = out.has_parent_path() ? out.parent_path() : fs::path(".");
  return {folder, {gguf_file(model, out.filename().string())}};
}

std::size_t thread_count() { return std::max(2U, std::thread::hardware_concurrency()); }

}  // namespace

int synth_command(const SynthOptions& options) {
  nlohmann::json config = synth::published_config(options.family);
  if (options.layers) config = synth::with_layers(std::move(config), *options.layers);
  const synth::Format format = parse_format(options.format);
  const synth::StoredModel model =
      synth::stored_model(config, {format, options.bits, options.group_size, options.mode});
  const auto [folder, files] = destination_of(options, format, model);
  synth::require_space(folder, files);

  const auto start = std::chrono::steady_clock::now();
  const InterruptGuard interrupts;
  {
    Progress progress(synth::write_work(files), Progress::wanted());
    synth::write_files(folder, files, options.seed, thread_count(), progress);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const double gigabytes = static_cast<double>(synth::total_bytes(files)) / 1e9;
  fmt::print(
      "{}: {}, {} layers, {} tensors, {:.3f} GB in {} files, seed {}; {:.1f} s, {:.2f} GB/s\n",
      options.out.string(), options.family, config["num_hidden_layers"].get<std::int64_t>(),
      model.tensors.size(), gigabytes, files.size(), options.seed, took.count(),
      gigabytes / took.count());
  return 0;
}

}  // namespace fidelio
