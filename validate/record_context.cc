#include "validate/record_context.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <utility>

#include "capsules/environment.h"
#include "core/checksum.h"
#include "kernels/contract.h"
#include "patches/catalogue.h"
#include "validate/budget.h"
#include "validate/built_in_prompts.h"
#include "validate/checksum_cache.h"
#include "validate/version.h"

namespace fidelio {
namespace {

/// The tensors' dtypes, the one with most bytes first: "float32", "Q4_0, Q8_0, float32".
std::string dtypes_by_size(const TensorFiles& files) {
  std::map<std::string, std::size_t> bytes;
  for (const TensorFile& file : files.files()) {
    for (const TensorInfo& tensor : file.tensors()) bytes[tensor.dtype] += tensor.bytes.size();
  }
  std::vector<std::pair<std::size_t, std::string>> sorted;
  for (const auto& [dtype, size] : bytes) sorted.emplace_back(size, dtype);
  std::sort(sorted.rbegin(), sorted.rend());
  std::string text;
  for (const auto& [size, dtype] : sorted) {
    text += text.empty() ? "" : ", ";
    text += dtype == "F32"    ? "float32"
            : dtype == "F16"  ? "float16"
            : dtype == "BF16" ? "bfloat16"
                              : dtype;
  }
  return text;
}

std::string describe_weights(const LoadedModel& model) {
  const std::optional<QuantizationConfig>& quantization = model.config().quantization;
  if (quantization) {
    const Quantization& setting = quantization->defaults;
    std::string text =
        setting.mode == Quantization::Mode::mxfp4
            ? "mxfp4"
            : fmt::format("affine {} bit, group {}", setting.bits, setting.group_size);
    if (!quantization->overrides.empty())
      text += fmt::format(", {} overrides", quantization->overrides.size());
    return text;
  }
  return dtypes_by_size(model.checkpoint.tensors());
}

/// The file's name without its folder; the built-in set stays apart from a file of its name.
std::string prompts_argument(const std::filesystem::path& prompts) {
  const std::string name = prompts.filename().string();
  return is_built_in_set(name) && !is_built_in_set(prompts) ? "./" + name : name;
}

}  // namespace

ModelRecord make_model_record(const LoadedModel& model) {
  const TensorFiles& tensors = model.checkpoint.tensors();
  ModelRecord out;
  out.id = model.id;
  out.revision = model.revision;
  out.model_type = model.config().model_type;
  out.config = model.checkpoint.config_text();
  out.quantization = describe_weights(model);
  out.weights_bytes = static_cast<std::int64_t>(tensors.total_bytes());
  out.weights_xxh3_128 = weights_checksum(tensors, checksum_cache_path());
  out.config_xxh3_128 = xxh3_128_hex(std::as_bytes(std::span(out.config)));
  if (model.tokenizer) out.tokenizer_xxh3_128 = model.tokenizer->checksum();
  out.vocab_size = model.config().vocab_size;
  return out;
}

bool asks_by_name(const std::string& list) {
  for (const Profile& profile : all_profiles()) {
    if (list == profile.name) return false;
  }
  return true;
}

std::int64_t thread_count(const RunOptions& options) {
  if (options.threads > 0) return options.threads;
  cpu_set_t allowed;
  return sched_getaffinity(0, sizeof(allowed), &allowed) == 0 ? CPU_COUNT(&allowed) : 1;
}

std::vector<std::string> command_line_of(const RunOptions& options, const std::string& model_id) {
  std::vector<std::string> line = {"validate", "run", model_id};
  const auto add = [&](const char* flag, const std::string& value) {
    line.insert(line.end(), {flag, value});
  };
  add("--runs", std::to_string(options.runs));
  add("--max-tokens", std::to_string(options.max_tokens));
  add("--patches", options.patches);
  add("--widths", fmt::format("{}", fmt::join(options.widths, ",")));
  if (options.prompt) add("--prompt", *options.prompt);
  if (options.prompts_file) add("--prompts", prompts_argument(*options.prompts_file));
  if (!options.prompt_ids.empty())
    add("--prompt-ids", fmt::format("{}", fmt::join(options.prompt_ids, ",")));
  if (options.prompt_tokens > 0) add("--prompt-tokens", std::to_string(options.prompt_tokens));
  if (options.prefill_chunk > 0) add("--prefill-chunk", std::to_string(options.prefill_chunk));
  add("--threads", std::to_string(thread_count(options)));
  if (!options.target.empty()) add("--target", options.target);
  if (options.load != "mmap") add("--load", options.load);
  add("--sampled-steps", std::to_string(options.sampled_steps));
  if (!options.lengths.empty())
    add("--lengths", fmt::format("{}", fmt::join(options.lengths, ",")));
  if (options.budget) add("--budget", budget_text(*options.budget));
  if (options.ignore_eos) line.emplace_back("--ignore-eos");
  if (options.allow_swap) line.emplace_back("--allow-swap");
  if (options.looks != 1) add("--looks", std::to_string(options.looks));
  if (options.launches != 1) add("--launches", std::to_string(options.launches));
  if (options.require_timing) add("--require", "timing");
  if (options.confirm && !options.require_timing) line.emplace_back("--confirm");
  return line;
}

Record make_record(const LoadedModel& model, const RunOptions& options,
                   const std::vector<const Patch*>& patches, const std::string& vector_target,
                   std::vector<PromptRecord> prompts) {
  Record record;
  record.numerics_version = contract::kNumericsVersion;
  record.created = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  record.command_line =
      command_line_of(options, model.revision ? model.id + "@" + *model.revision : model.id);
  record.program = program_version();
  record.model = make_model_record(model);
  record.load_mode = options.load;
  record.options = {options.runs,
                    options.max_tokens,
                    thread_count(options),
                    options.prefill_chunk,
                    options.ignore_eos,
                    options.require_timing,
                    {},
                    asks_by_name(options.patches),
                    options.widths,
                    options.sampled_steps,
                    options.lengths,
                    options.budget,
                    options.looks,
                    options.launches,
                    options.confirm};
  for (const Patch* patch : patches) record.options.patches.emplace_back(patch->name);
  record.prompts = std::move(prompts);
  record.hardware = read_hardware();
  record.hardware.vector_target = vector_target;
  record.system = read_system();
  return record;
}

}  // namespace fidelio
