// The loop over sites. Node and value ids change with every rewrite, so sites are kept by name.
#include "patches/driver.h"

#include <fmt/format.h>

#include <unordered_set>

namespace fidelio {

namespace {

Decision check_width(const GuardRange& range, std::int64_t n_tokens) {
  const auto detail = [&] {
    return fmt::format("{} token{}, guard admits {} to {}", n_tokens, n_tokens == 1 ? "" : "s",
                       range.min_n_tokens, range.max_n_tokens);
  };
  if (n_tokens < range.min_n_tokens) return refuse(Reason::n_tokens_below_guard, detail());
  if (n_tokens > range.max_n_tokens) return refuse(Reason::n_tokens_above_guard, detail());
  return admit();
}

Decision decide(const Patch& patch, const Graph& graph, const Match& match, const PatchEnv& env) {
  const std::string& site = graph.value(match.result).name;
  if (env.excluded_sites.contains(site)) return refuse(Reason::excluded, "left out by name");
  const Decision width = check_width(env.guard_range.value_or(patch.guard_range), env.n_tokens);
  return width.admitted() ? patch.guard(graph, match, env) : width;
}

std::vector<std::string> names(const Graph& graph, const std::vector<ValueId>& ids) {
  std::vector<std::string> list;
  for (const ValueId id : ids) list.push_back(graph.value(id).name);
  return list;
}

void rewrite(const Patch& patch, Graph& graph, const Match& match, SiteReport& site) {
  GraphEditor editor(graph);
  patch.rewrite(editor, match);
  editor.finish();
  const auto result = graph.find_value(site.site);
  if (!result) throw GraphError(fmt::format("{} lost its result %{}", patch.name, site.site));
  const Node& fused = graph.node(graph.producer(*result));
  site.applied = true;
  site.inputs = names(graph, fused.inputs);
  site.outputs = names(graph, fused.outputs);
}

}  // namespace

PatchReport apply(const Patch& patch, Graph& graph, const PatchEnv& env) {
  PatchReport report;
  report.patch = patch.name;
  report.numerics = patch.numerics;
  std::unordered_set<std::string> judged;
  for (NodeId root = 0; static_cast<std::size_t>(root) < graph.nodes().size(); ++root) {
    const std::optional<Match> match = patch.find(graph, root);
    if (!match || !judged.insert(graph.value(match->result).name).second) continue;
    const Node& before = graph.node(graph.producer(match->result));
    SiteReport site;
    site.patch = patch.name;
    site.site = graph.value(match->result).name;
    site.op = before.op;
    site.layer = before.layer;
    site.refusal = decide(patch, graph, *match, env).refusal;
    if (site.refusal) {
      ++report.refused;
    } else {
      rewrite(patch, graph, *match, site);
      ++report.applied;
      root = -1;  // ids have changed; judged sites are skipped by name
    }
    report.sites.push_back(std::move(site));
  }
  graph.verify();
  return report;
}

std::vector<PatchReport> apply_all(std::span<const Patch* const> patches, Graph& graph,
                                   const PatchEnv& env) {
  std::vector<PatchReport> reports;
  for (const Patch* patch : patches) reports.push_back(apply(*patch, graph, env));
  return reports;
}

std::string site_text(const SiteReport& site) {
  std::string text = site.layer < 0 ? std::string() : fmt::format("layer {} ", site.layer);
  text += fmt::format("%{}: ", site.site);
  if (!site.refusal) return text + "applied";
  return text +
         fmt::format("refused, {}: {}", reason_id(site.refusal->reason), site.refusal->detail);
}

}  // namespace fidelio
