// validate bisect: from a failing validation to the first bad patch, layer, op and token.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "capsules/exit_code.h"
#include "core/quote.h"
#include "patches/catalogue.h"
#include "validate/bisect.h"
#include "validate/commands.h"
#include "validate/interrupt.h"
#include "validate/kernel_target.h"
#include "validate/prompts.h"
#include "validate/record_context.h"
#include "validate/run_memory.h"

namespace fidelio {
namespace {

std::string culprit_text(const Culprit& culprit, const LoadedModel& model) {
  const std::string place = culprit.layer < 0 ? "" : fmt::format("layer {}, ", culprit.layer);
  const std::string patch = culprit.patch.empty() ? "no patch here" : "patch " + culprit.patch;
  std::string token = std::to_string(culprit.token_id);
  if (model.tokenizer && culprit.token_id >= 0) {
    const auto id = static_cast<std::int32_t>(culprit.token_id);
    token += " " + quote(model.tokenizer->decode({&id, 1}));
  }
  return fmt::format("{}%{}, op {} ({}): {} at token {} of prompt {} (id {}), steps of {}", place,
                     culprit.site, culprit.op, patch, culprit.kind, culprit.position,
                     culprit.prompt, token, culprit.width);
}

std::string result_text(const BisectResult& result, const LoadedModel& model) {
  if (!result.failed) return fmt::format("nothing to bisect, {}\n", result.failure);
  std::string text = fmt::format("failure: {}\n", result.failure);
  if (result.culprits.empty())
    return text +
           "no node does on the baseline's values what it must not, and no patched site fails "
           "alone: look for what outlives a step, or for a budget\n";
  text += "first bad node: " + culprit_text(result.culprits[0], model) + "\n";
  for (std::size_t c = 1; c < result.culprits.size(); ++c)
    text += "also bad: " + culprit_text(result.culprits[c], model) + "\n";
  text += fmt::format("confirmed: {} ({} without {}, {} with {} alone)\n",
                      result.confirmed() ? "yes" : "NO",
                      result.gone_without ? "no failure" : "still a failure",
                      result.culprits.size() == 1 ? "it" : "them",
                      result.same_alone ? "the same failure" : "another outcome",
                      result.culprits.size() == 1 ? "it" : "them");
  return text;
}

std::string result_json(const BisectResult& result) {
  nlohmann::ordered_json culprits = nlohmann::ordered_json::array();
  for (const Culprit& c : result.culprits) {
    culprits.push_back({{"patch", c.patch},
                        {"site", c.site},
                        {"op", c.op},
                        {"layer", c.layer},
                        {"kind", c.kind},
                        {"prompt", c.prompt},
                        {"width", c.width},
                        {"position", c.position},
                        {"token_id", c.token_id}});
  }
  return nlohmann::ordered_json({{"failed", result.failed},
                                 {"failure", result.failure},
                                 {"culprits", culprits},
                                 {"gone_without", result.gone_without},
                                 {"same_alone", result.same_alone}})
             .dump(2) +
         "\n";
}

}  // namespace

int bisect_command(const RunOptions& options) {
  check_run_options(options);
  const std::vector<const Patch*> patches = parse_patch_list(options.patches);
  const KernelTable kernels = kernels_named(options.target);
  const auto model = load_model(options.model, parse_load_mode(options.load), options.allow_swap);
  std::vector<PromptRecord> prompts = read_prompts(*model, options);
  require_memory_for_run(*model, options, patches, prompts);
  const Record record = make_record(*model, options, patches, kernels.target, std::move(prompts));
  constexpr std::int64_t kExaminations = 3;  // the failure, without its causes, with them alone
  RunOptions untimed = options;
  untimed.runs = 0;
  Progress progress(kExaminations * SideBySide::work(untimed, record.prompts.size()),
                    Progress::wanted());
  const InterruptGuard interrupts;
  const BisectResult result =
      bisect(*model, options, {patches, kernels, kernels}, record, progress);
  progress.clear();
  fmt::print("{}", options.json ? result_json(result) : result_text(result, *model));
  return result.failed ? kFidelity : kPass;
}

}  // namespace fidelio
