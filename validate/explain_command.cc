// validate explain: what the patches would do to a model, without running it.
#include <fmt/format.h>

#include <cstdio>

#include "core/graph_text.h"
#include "kernels/table.h"
#include "patches/catalogue.h"
#include "patches/driver.h"
#include "validate/arm.h"
#include "validate/commands.h"
#include "validate/record_context.h"

namespace fidelio {
namespace {

std::string sites_text(const std::vector<PatchReport>& reports) {
  std::string text;
  for (const PatchReport& report : reports) {
    text += fmt::format("\n{} ({}): {} applied, {} refused\n", report.patch,
                        numerics_name(report.numerics), report.applied, report.refused);
    for (const std::string& point : rounding_texts(*find_patch(report.patch)))
      text += "  rounds " + point + "\n";
    for (const SiteReport& site : report.sites) text += "  " + site_text(site) + "\n";
    if (report.sites.empty()) text += "  no site: the pattern does not stand in this graph\n";
  }
  return text;
}

}  // namespace

int explain_command(const ExplainOptions& options) {
  const std::unique_ptr<const LoadedModel> model =
      load_model(options.model, parse_load_mode(options.load));
  const std::vector<const Patch*> patches = parse_patch_list(options.patches);
  const KernelTable kernels = kernels_for();
  RunOptions run;
  run.threads = options.threads;
  const auto n_threads = static_cast<std::size_t>(thread_count(run));
  const auto n_tokens = static_cast<std::size_t>(options.n_tokens);

  PatchEnv env;
  env.n_tokens = options.n_tokens;
  env.isa = kernels.target;
  Graph patched = model->graph;
  const std::vector<PatchReport> reports = apply_all(patches, patched, env);

  const std::size_t capacity = static_cast<std::size_t>(
      std::min<std::int64_t>(model->config().max_position_embeddings, 1024));
  const RopeTable rope = rope_table_for(*model, 1);
  const std::size_t before =
      Plan(model->graph, model->weights, rope).scratch_bytes(n_tokens, n_threads, capacity);
  const std::size_t after =
      Plan(patched, model->weights, rope).scratch_bytes(n_tokens, n_threads, capacity);

  std::string text =
      fmt::format("{} ({}), steps of {} token{}, kernels {}\n", model->id,
                  model->config().model_type, n_tokens, n_tokens == 1 ? "" : "s", kernels.target);
  text += sites_text(reports);
  if (options.graphs) {
    text +=
        "\nbaseline graph\n\n" + to_text(model->graph) + "\npatched graph\n\n" + to_text(patched);
  }
  const double change =
      before == 0 ? 0 : 100.0 * (static_cast<double>(after) / static_cast<double>(before) - 1.0);
  text +=
      fmt::format("\nscratch bytes, {} threads, context {}: baseline {}, patched {} ({:+.1f}%)\n",
                  n_threads, capacity, before, after, change);
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace fidelio
