// Where along the tokens of each prompt the arms differ: a plot of lanes, and the events as a
// table.
#include <fmt/format.h>

#include <algorithm>

#include "capsules/html_sections.h"
#include "capsules/token_events.h"
#include "capsules/token_text.h"

namespace fidelio {
namespace {

/// How many tokens the prompt's lanes are long.
std::int64_t tokens_of(const Record& record, std::int64_t prompt) {
  std::int64_t tokens = 1;
  for (const GenerationRecord& g : record.generations)
    if (g.prompt == prompt)
      tokens = std::max({tokens, static_cast<std::int64_t>(g.baseline.ids.size()),
                         static_cast<std::int64_t>(g.patched.ids.size())});
  for (const ComparisonRecord& c : record.comparisons)
    if (c.prompt == prompt) tokens = std::max(tokens, c.positions);
  return tokens;
}

Shape shape_of(TokenEventKind kind) {
  switch (kind) {
    case TokenEventKind::other_bits:
      return Shape::triangle;
    case TokenEventKind::route_flip:
      return Shape::square;
    case TokenEventKind::divergence:
    case TokenEventKind::loop:
      return Shape::diamond;
    default:
      return Shape::circle;
  }
}

std::string widths_text(const TokenEvent& event) {
  return fmt::format("{}", fmt::join(event.widths, ", "));
}

std::string note_of(const TokenEvent& event) {
  std::string note = position_text(event.position);
  if (!event.widths.empty()) note += ", steps of " + widths_text(event) + " tokens";
  note += ": " + clipped(event.what, kMaxHtmlCell);
  return event.size.empty() ? note : note + "; " + event.size;
}

/// Only the lanes that have something in them.
std::vector<TokenEventKind> lanes_of(const std::vector<TokenEvent>& events) {
  std::vector<TokenEventKind> lanes;
  for (int kind = 0; kind < kTokenEventKinds; ++kind)
    if (std::any_of(events.begin(), events.end(),
                    [&](const TokenEvent& e) { return static_cast<int>(e.kind) == kind; }))
      lanes.push_back(static_cast<TokenEventKind>(kind));
  return lanes;
}

/// To the left of 0 is the prompt, as far back as something happens there.
Axis tokens_axis(std::int64_t tokens, std::int64_t first_event) {
  const auto last = static_cast<double>(tokens);
  const double first = std::min(0.0, static_cast<double>(first_event));
  Axis axis = linear_axis({first, last}, "generated token");
  axis.low = first - (last - first) / 50;
  std::erase_if(axis.ticks, [&](const Tick& tick) { return tick.value < first; });
  return axis;
}

Markup figure_of(const Record& record, const std::vector<TokenEvent>& events,
                 const std::string& id) {
  const std::int64_t prompt = events[0].prompt;
  const std::vector<TokenEventKind> lanes = lanes_of(events);
  std::vector<std::string> names;
  for (const TokenEventKind lane : lanes) names.emplace_back(token_event_name(lane));
  const std::size_t shown = std::min(events.size(), kMaxHtmlMarks);
  const std::string left_out = left_out_text(shown, events.size(), "events");
  const std::string title = fmt::format("Prompt {}: where the arms differ", prompt);
  Plot plot({fmt::format("{}-tokens-{}", id, prompt), title,
             fmt::format("{} events; the table below lists them", events.size())},
            tokens_axis(tokens_of(record, prompt), events[0].position), lanes_axis(names), 122,
            60 + 26 * static_cast<double>(lanes.size()));
  for (std::size_t i = 0; i < shown; ++i) {
    const TokenEvent& event = events[i];
    const auto lane = std::find(lanes.begin(), lanes.end(), event.kind) - lanes.begin();
    plot.mark({static_cast<double>(event.position),
               -static_cast<double>(lane),
               shape_of(event.kind),
               "event",
               note_of(event),
               {{"data-event", token_event_name(event.kind)},
                {"data-position", std::to_string(event.position)}}});
  }
  return figure_block(plot, left_out.empty() ? title : title + "; " + left_out, {});
}

Markup events_table(const std::vector<TokenEvent>& events) {
  Cells table = {{"prompt", "token", "what", "which", "margin or gap", "tokens a step"}};
  for (const TokenEvent& e : events)
    table.push_back({std::to_string(e.prompt), std::to_string(e.position), token_event_name(e.kind),
                     e.what, e.size.empty() ? "-" : e.size,
                     e.widths.empty() ? "-" : widths_text(e)});
  return table_block(table, "Where the arms differ");
}

Markup events_content(const Record& record, const std::vector<TokenEvent>& events,
                      const std::string& id) {
  Markup figures;
  std::size_t prompts = 0, all = 0;
  for (auto first = events.begin(); first != events.end(); ++all) {
    const auto last = std::find_if(first, events.end(),
                                   [&](const TokenEvent& e) { return e.prompt != first->prompt; });
    if (prompts < kMaxHtmlPrompts) {
      figures += figure_of(record, {first, last}, id);
      ++prompts;
    }
    first = last;
  }
  Markup content = figures_block(figures);
  if (prompts < all) content += paragraph(left_out_text(prompts, all, "prompts"));
  content += events_table(events);
  return content;
}

}  // namespace

Markup tokens_part(const Record& record, const std::string& id) {
  Markup content = margin_figures(record, id);
  const std::vector<TokenEvent> events = token_events(record);
  if (!events.empty()) content += events_content(record, events, id);
  return content.empty() ? Markup() : section_block("Along the tokens", content);
}

}  // namespace fidelio
