// Errors of the sites that are held to float64, by layer on a logarithmic scale: baseline, patched,
// the naive kernel, and what the patched one may be. One plot for each op.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "capsules/html_sections.h"
#include "capsules/site_rules.h"

namespace fidelio {
namespace {

constexpr std::size_t kMaxOps = 8;

std::string site_note(const SiteRecord& site, const char* arm, double error) {
  return fmt::format("{}: E({}) {:.2g}, limit {:.2g}", clipped(site_name(site.site), 80), arm,
                     error, site_limit(site));
}

void add_marks(Plot& plot, const SiteRecord& site) {
  const auto x = static_cast<double>(site.layer);
  const double limit = site_limit(site);
  plot.mark({x, limit, Shape::dash, "limit", fmt::format("limit {:.2g}", limit), {}});
  const auto mark = [&](double error, Shape shape, const char* arm) {
    plot.mark({x,
               error,
               shape,
               arm,
               site_note(site, arm, error),
               {{"data-layer", std::to_string(site.layer)},
                {"data-arm", arm},
                {"data-error", fmt::format("{}", error)}}});
  };
  mark(site.e_naive, Shape::triangle, "naive");
  mark(site.e_baseline, Shape::circle, "baseline");
  mark(site.e_patched, Shape::square, "patched");
}

Axis layer_axis(const std::vector<const SiteRecord*>& sites) {
  const auto [first, last] = std::minmax_element(
      sites.begin(), sites.end(),
      [](const SiteRecord* a, const SiteRecord* b) { return a->layer < b->layer; });
  return whole_axis((*first)->layer, (*last)->layer, "layer");
}

Axis error_axis(const std::vector<const SiteRecord*>& sites) {
  std::vector<double> errors;
  for (const SiteRecord* site : sites)
    errors.insert(errors.end(),
                  {site->e_baseline, site->e_naive, site->e_patched, site_limit(*site)});
  return logarithmic_axis(errors, "");
}

Markup figure_of(const std::string& op, std::vector<const SiteRecord*> sites,
                 const std::string& id) {
  const std::size_t all = sites.size();
  sites.resize(std::min(all, kMaxHtmlMarks));
  const std::string left_out = left_out_text(sites.size(), all, "sites");
  const auto failing = std::count_if(sites.begin(), sites.end(), [](const SiteRecord* site) {
    return !site_failure(*site).empty();
  });
  const std::string text =
      fmt::format("{} sites, {}", all,
                  failing == 0 ? "all within their limits" : fmt::format("{} fail", failing));
  Plot plot({id, fmt::format("{}: relative error against the reference, by layer", op), text},
            layer_axis(sites), error_axis(sites));
  for (const SiteRecord* site : sites) add_marks(plot, *site);
  return figure_block(plot,
                      fmt::format("{}: relative error against the reference; {}{}{}", op, text,
                                  left_out.empty() ? "" : "; ", left_out),
                      {{Shape::circle, "baseline", "baseline"},
                       {Shape::square, "patched", "patched"},
                       {Shape::triangle, "naive", "naive float32"},
                       {Shape::dash, "limit", "limit of the patched one"}});
}

}  // namespace

Markup layers_part(const Record& record, const std::string& id) {
  std::map<std::string, std::vector<const SiteRecord*>> by_op;
  for (const SiteRecord& site : record.sites)
    if (!must_be_bit_exact(site) && site.sampled_rows > 0)
      by_op[clipped(site.op, kMaxHtmlCell)].push_back(&site);
  if (by_op.empty()) return {};
  Markup figures;
  std::size_t shown = 0;
  for (const auto& [op, sites] : by_op) {
    if (shown == kMaxOps) break;
    figures += figure_of(op, sites, fmt::format("{}-layers-{}", id, shown++));
  }
  Markup content = figures_block(figures);
  if (shown < by_op.size()) content += paragraph(left_out_text(shown, by_op.size(), "ops"));
  return section_block("Errors by layer", content);
}

}  // namespace fidelio
