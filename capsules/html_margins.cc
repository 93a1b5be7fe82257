// How sure the baseline is of each token of a prompt: its best logit minus its second best, along
// the tokens on a logarithmic scale, with the largest margin at which another token is a tie and
// the tokens that changed.
#include <fmt/format.h>

#include <algorithm>

#include "capsules/html_sections.h"
#include "capsules/tie_rules.h"

namespace fidelio {
namespace {

/// Tokens beside each other, drawn as the one with the narrowest margin.
struct Stretch {
  std::size_t first;
  std::size_t last;
  std::size_t narrowest;
};

std::size_t narrowest_of(const std::vector<float>& margins, std::size_t first, std::size_t end) {
  const auto begin = margins.begin() + static_cast<std::ptrdiff_t>(first);
  const auto found = std::min_element(begin, margins.begin() + static_cast<std::ptrdiff_t>(end));
  return static_cast<std::size_t>(found - margins.begin());
}

std::vector<Stretch> stretches_of(const std::vector<float>& margins) {
  const std::size_t length = (margins.size() + kMaxHtmlMarks - 1) / kMaxHtmlMarks;
  std::vector<Stretch> out;
  for (std::size_t first = 0; first < margins.size(); first += length) {
    const std::size_t end = std::min(first + length, margins.size());
    out.push_back({first, end - 1, narrowest_of(margins, first, end)});
  }
  return out;
}

/// The largest margin at which another token is a tie; absent where rounding was not measured.
std::optional<double> tie_limit(const FidelityIndex& index, std::int64_t prompt) {
  const ReferenceRecord* reference = sigma_source(index, prompt);
  if (reference == nullptr || index.numerics() == NumericsClass::bit_exact) return std::nullopt;
  return tie_factor(index.numerics()) * sigma_of(*reference);
}

Mark mark_of(const Stretch& stretch, float margin) {
  std::string note = fmt::format("token {}: margin {:.2g}", stretch.narrowest, margin);
  if (stretch.last > stretch.first)
    note += fmt::format(", the narrowest of tokens {} to {}", stretch.first, stretch.last);
  return {static_cast<double>(stretch.narrowest),
          margin,
          Shape::circle,
          "baseline",
          std::move(note),
          {{"data-token", std::to_string(stretch.narrowest)},
           {"data-margin", fmt::format("{}", margin)}}};
}

Mark mark_of(const ArgmaxChangeRecord& change) {
  return {
      static_cast<double>(change.position),
      change.margin,
      Shape::diamond,
      "patched",
      fmt::format("token {}: margin {:.2g}, another token wins", change.position, change.margin),
      {{"data-changed", std::to_string(change.position)}}};
}

Markup figure_of(const FidelityIndex& index, const ComparisonRecord& c, const std::string& id) {
  const std::size_t narrowest = narrowest_of(c.margins, 0, c.margins.size());
  const std::string title = fmt::format(
      "Prompt {}: the baseline's best logit minus its second best; the narrowest {:.2g} at token "
      "{}",
      c.prompt, c.margins[narrowest], narrowest);
  const std::optional<double> limit = tie_limit(index, c.prompt);
  std::vector<double> values(c.margins.begin(), c.margins.end());
  if (limit) values.push_back(*limit);
  Axis tokens = linear_axis({0, static_cast<double>(c.margins.size())}, "generated token");
  Plot plot({fmt::format("{}-margins-{}", id, c.prompt), "Margins of the baseline's tokens", title},
            std::move(tokens), logarithmic_axis(values, ""));
  std::vector<LegendEntry> legend = {{Shape::circle, "baseline", "margin"}};
  if (limit) {
    plot.line_at(*limit, "margin");
    legend.push_back({Shape::line, "margin", fmt::format("a tie up to {:.2g}", *limit)});
  }
  for (const Stretch& stretch : stretches_of(c.margins))
    plot.mark(mark_of(stretch, c.margins[stretch.narrowest]));
  for (const auto& change : {c.first_change, c.widest_change})
    if (change) plot.mark(mark_of(*change));
  if (c.first_change) legend.push_back({Shape::diamond, "patched", "another token wins"});
  return figure_block(plot, title, legend);
}

}  // namespace

Markup margin_figures(const Record& record, const std::string& id) {
  const FidelityIndex index(record);
  Markup figures;
  std::size_t shown = 0, all = 0;
  for (const ComparisonRecord& c : record.comparisons) {
    if (c.margins.empty()) continue;
    if (++all <= kMaxHtmlPrompts) {
      figures += figure_of(index, c, id);
      ++shown;
    }
  }
  Markup content = shown == 0 ? Markup() : figures_block(figures);
  if (shown < all) content += paragraph(left_out_text(shown, all, "prompts"));
  return content;
}

}  // namespace fidelio
