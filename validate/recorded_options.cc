#include "validate/recorded_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/user_error.h"
#include "patches/catalogue.h"
#include "validate/record_context.h"

namespace fidelio {

std::vector<const Patch*> recorded_patches(const Record& record) {
  for (const std::string& name : record.options.patches) {
    if (find_patch(name) == nullptr)
      throw UserError(fmt::format("the capsule's patch {} is not in the catalogue", name));
  }
  return parse_patch_list(record.options.patches.empty()
                              ? "none"
                              : fmt::format("{}", fmt::join(record.options.patches, ",")));
}

std::string recorded_model_name(const ModelRecord& model) {
  const bool from_hub = model.revision && model.id.find('/') != std::string::npos;
  return from_hub ? model.id + "@" + *model.revision : model.id;
}

RunOptions recorded_options(const Record& record) {
  const OptionsRecord& from = record.options;
  RunOptions out;
  out.model = recorded_model_name(record.model);
  out.runs = from.runs;
  out.max_tokens = from.max_tokens;
  out.prefill_chunk = from.prefill_chunk;
  out.threads = from.threads;
  out.target = record.hardware.vector_target;
  out.patches = patch_list_text(recorded_patches(record));
  out.widths = from.widths;
  out.sampled_steps = from.sampled_steps;
  out.lengths = from.lengths;
  out.budget = from.budget;
  out.load = record.load_mode;
  out.ignore_eos = from.ignore_eos;
  out.require_timing = from.require_timing;
  out.looks = from.looks;
  out.launches = from.launches;
  out.confirm = from.confirm;
  check_run_options(out, 0);
  return out;
}

void require_recorded_model(const LoadedModel& model, const ModelRecord& recorded) {
  const ModelRecord found = make_model_record(model);
  if (found.weights_xxh3_128 == recorded.weights_xxh3_128 &&
      found.config_xxh3_128 == recorded.config_xxh3_128)
    return;
  throw UserError(
      fmt::format("{}: found weights xxh3 {} and config xxh3 {}, expected the capsule's {} and {}",
                  model.id, found.weights_xxh3_128, found.config_xxh3_128,
                  recorded.weights_xxh3_128, recorded.config_xxh3_128));
}

}  // namespace fidelio
