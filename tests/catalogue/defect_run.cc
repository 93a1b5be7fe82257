#include "tests/catalogue/defect_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "tests/catalogue/model_with_room.h"
#include "tests/catalogue/step_notes.h"
#include "tests/support/validation.h"

namespace fidelio::catalogue {
namespace {

const KernelTable& good() {
  static const KernelTable table = with_notes(kernels_for());
  return table;
}

RunOptions options_for(Trigger trigger, const DefectLength& length, std::int64_t vocab_size) {
  RunOptions options = testing::short_options();
  options.runs = 1;
  options.threads = 2;
  options.patches = "all";
  options.max_tokens = length.brief ? 24 : length.max_tokens;
  const bool long_prompt = length.brief && trigger == Trigger::late;
  options.prompt_ids.clear();
  for (std::int64_t i = 0; i < (long_prompt ? 390 : 40); ++i)
    options.prompt_ids.push_back(static_cast<std::int32_t>((5 * i + 1) % (vocab_size - 6)));
  return options;
}

/// "", or why this is not where the fault first did harm. `harm` was noted while bisecting.
std::string wrong_about(const Culprit& found, const DefectFile& defect,
                        const std::set<Harm>& harm) {
  const std::string op(info(defect.fault.op).name);
  if (found.op != op) return fmt::format("op {} instead of {}", found.op, op);
  if (found.patch != defect.patch)
    return fmt::format("patch '{}' instead of '{}'", found.patch, defect.patch);
  const auto harmed_at = [&](const Harm& h) {
    return std::get<1>(h) == found.width && std::get<2>(h) == found.position;
  };
  const auto first = std::find_if(harm.begin(), harm.end(), harmed_at);  // layers ascend
  if (first == harm.end())
    return fmt::format("nothing was harmed at position {} in steps of {}", found.position,
                       found.width);
  if (std::get<0>(*first) != found.layer)
    return fmt::format("layer {} instead of {}", found.layer, std::get<0>(*first));
  return "";
}

void locate(const DefectFile& defect, const LoadedModel& model, const RunOptions& options,
            PlantedFault& planted, DefectOutcome& out) {
  if constexpr (kBisectIsThere) {
    const std::vector<const Patch*> patches = parse_patch_list("all");
    Record record =
        make_record(model, options, patches, good().target, read_prompts(model, options));
    Progress silent(1, false);
    planted.forget_harm();
    const BisectResult result =
        bisect(model, options, {patches, good(), planted.kernels()}, record, silent);
    if (result.culprits.empty()) {
      out.wrong = "no culprit";
      return;
    }
    out.culprit = result.culprits.front();
    out.wrong = wrong_about(*out.culprit, defect, planted.harm());
    if (out.wrong.empty() && !result.confirmed()) out.wrong = "not confirmed";
    out.located = out.wrong.empty();
  }
}

}  // namespace

bool DefectOutcome::right() const {
  if (!not_applicable.empty()) return true;
  return caught() && harmed && (located || !kBisectIsThere);
}

DefectOutcome run_defect(const DefectFile& defect, const std::string& folder,
                         const LoadedModel& model, Trigger trigger, const DefectLength& length) {
  DefectOutcome out;
  out.name = defect.name;
  out.trigger = trigger;
  out.model = folder;
  out.not_applicable = find_fault_kind(defect.fault.name)->unavailable;
  if (out.not_applicable.empty()) out.not_applicable = why_not_applicable(trigger, defect.fault.op);
  if (!out.not_applicable.empty()) return out;

  watch_model(model);
  const RunOptions options = options_for(trigger, length, model.config().vocab_size);
  PlantedFault planted(defect.fault, trigger, good());
  const Record record =
      testing::validate_with(model, options, parse_patch_list("all"), planted.kernels(), good());
  out.verdict = record.verdict.fidelity;
  out.exit_code = record.verdict.exit_code;
  const GenerationRecord& generation = record.generations.at(0);
  out.ids = generation.baseline.ids.size();
  out.ids_unchanged = generation.baseline.ids == generation.patched.ids;
  out.harmed = !planted.harm().empty();
  if (out.caught()) locate(defect, model, options, planted, out);
  return out;
}

std::vector<DefectOutcome> run_defect_file(const DefectFile& defect, const DefectLength& length) {
  std::vector<DefectOutcome> out;
  for (const std::string& folder : defect.models) {
    const ModelWithRoom room(folder);
    for (const Trigger trigger : defect.triggers)
      out.push_back(run_defect(defect, folder, room.model(), trigger, length));
  }
  return out;
}

}  // namespace fidelio::catalogue
