// What tests of patches share: environments, canonical text, refusals in one line. How a patch is
// tested is docs/adding-a-patch.md.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/graph_text.h"
#include "patches/catalogue.h"
#include "patches/driver.h"

namespace fidelio::testing {

inline PatchEnv env_with(std::int64_t n_tokens) {
  PatchEnv env;
  env.n_tokens = n_tokens;
  return env;
}

/// The canonical form of a graph's text, to compare with to_text().
inline std::string text(std::string_view graph) { return to_text(parse_graph(graph)); }

/// `graph` after `patch` at one token.
inline std::string patched(const Patch& patch, std::string_view graph) {
  Graph g = parse_graph(graph);
  apply(patch, g, env_with(1));
  return to_text(g);
}

/// The only site's refusal, "reason: detail"; the graph must be as it was.
inline std::string refusal(const Patch& patch, std::string_view graph, const PatchEnv& env) {
  Graph g = parse_graph(graph);
  const PatchReport report = apply(patch, g, env);
  EXPECT_EQ(g, parse_graph(graph)) << "a refused site was changed";
  EXPECT_EQ(report.applied, 0);
  if (report.sites.size() != 1 || !report.sites[0].refusal) return "no single refusal";
  const Refusal& why = *report.sites[0].refusal;
  return std::string(reason_id(why.reason)) + ": " + why.detail;
}

inline std::string refusal(const Patch& patch, std::string_view graph) {
  return refusal(patch, graph, env_with(1));
}

/// True when nothing in `graph` is a site of `patch`, not even a refused one.
inline bool no_site(const Patch& patch, std::string_view graph) {
  Graph g = parse_graph(graph);
  return apply(patch, g, env_with(1)).sites.empty() && g == parse_graph(graph);
}

}  // namespace fidelio::testing
