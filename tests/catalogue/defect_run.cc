#include "tests/catalogue/defect_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

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

void locate(const DefectFile& defect, const LoadedModel& model, const RunOptions& options,
            PlantedFault& planted, const Record& judged, DefectOutcome& out) {
  const std::vector<const Patch*> patches = parse_patch_list("all");
  Record record = make_record(model, options, patches, good().target, read_prompts(model, options));
  Progress silent(1, false);
  planted.forget_harm();
  const BisectResult result =
      bisect(model, options, {patches, good(), planted.kernels()}, record, silent);
  if (result.culprits.empty()) {
    out.wrong = "no culprit";
    return;
  }
  out.culprit = result.culprits.front();
  std::vector<std::int32_t> tokens = options.prompt_ids;
  const std::vector<std::int32_t>& ids = judged.generations.at(0).baseline.ids;
  tokens.insert(tokens.end(), ids.begin(), ids.end());
  out.wrong = wrong_about(*out.culprit, defect, planted.harm(), tokens);
  if (out.wrong.empty() && !result.confirmed()) out.wrong = "not confirmed";
  out.located = out.wrong.empty();
}

/// In the narrowest steps, at the earliest position, in the first layer.
std::optional<Harm> first_harm(const std::set<Harm>& harm) {
  const auto order = [](const Harm& h) {
    const auto& [layer, width, position] = h;
    return std::tuple(width, position, layer);
  };
  const auto first = std::min_element(
      harm.begin(), harm.end(), [&](const Harm& a, const Harm& b) { return order(a) < order(b); });
  return first == harm.end() ? std::nullopt : std::optional(*first);
}

}  // namespace

std::string wrong_about(const Culprit& found, const DefectFile& defect, const std::set<Harm>& harm,
                        const std::vector<std::int32_t>& tokens) {
  const std::string op(info(defect.fault.op).name);
  if (found.op != op) return fmt::format("op {} instead of {}", found.op, op);
  if (found.patch != defect.patch)
    return fmt::format("patch '{}' instead of '{}'", found.patch, defect.patch);
  constexpr int kNone = std::numeric_limits<int>::max();
  constexpr int kHead = kNone - 1;  // what is outside the layers runs after them
  int first = kNone;
  for (const auto& [layer, width, position] : harm) {
    if (width == found.width && position == found.position)
      first = std::min(first, layer < 0 ? kHead : layer);
  }
  if (first == kNone)
    return fmt::format("nothing was harmed at position {} in steps of {}", found.position,
                       found.width);
  const int layer = first == kHead ? -1 : first;
  if (layer != found.layer) return fmt::format("layer {} instead of {}", found.layer, layer);
  const auto at = static_cast<std::size_t>(found.position);
  if (at >= tokens.size() || tokens[at] != found.token_id)
    return fmt::format("token {} is not the one at position {}", found.token_id, found.position);
  return "";
}

bool DefectOutcome::right() const {
  if (!not_applicable.empty()) return true;
  return caught() && harm && located;
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
  out.harm = first_harm(planted.harm());
  if (out.caught()) locate(defect, model, options, planted, record, out);
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
