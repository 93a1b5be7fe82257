#include "capsules/token_events.h"

#include <fmt/format.h>

#include <map>
#include <tuple>
#include <utility>

#include "capsules/fidelity_index.h"
#include "capsules/tie_rules.h"

namespace fidelio {
namespace {

/// "0.0021, 0.4 of the limit: a tie". Written so that what is no number is no tie.
std::string size_text(double size, double limit) {
  if (size <= limit) return fmt::format("{:.2g}, a tie up to {:.2g}", size, limit);
  return fmt::format("{:.2g}, no tie above {:.2g}", size, limit);
}

class EventCollector {
 public:
  explicit EventCollector(const Record& record) : record_(record), index_(record) {}

  std::vector<TokenEvent> events() {
    for (const ComparisonRecord& c : record_.comparisons) comparison(c);
    for (const RouteFlipRecord& flip : record_.route_flips) route_flip(flip);
    for (const GenerationRecord& g : record_.generations)
      if (const std::int64_t at = first_divergence(g); at >= 0)
        add(TokenEventKind::divergence, g.prompt, 0, at, "the free runs' ids go apart", "");
    for (const EvidenceRecord& e : record_.evidence)
      if (e.loop_start)
        add(TokenEventKind::loop, e.prompt, 0, *e.loop_start,
            "the text repeats itself from here on", "");
    std::vector<TokenEvent> out;
    for (const auto& [key, event] : events_) out.push_back(event);
    return out;
  }

 private:
  void add(TokenEventKind kind, std::int64_t prompt, std::int64_t width, std::int64_t position,
           std::string what, std::string size) {
    TokenEvent& event = events_[{prompt, position, kind, what, size}];
    event.kind = kind;
    event.prompt = prompt;
    event.position = position;
    event.what = std::move(what);
    event.size = std::move(size);
    if (width > 0) event.widths.push_back(width);
  }

  void comparison(const ComparisonRecord& c) {
    if (c.first_difference && c.routing != "routed")
      add(TokenEventKind::other_bits, c.prompt, c.width, *c.first_difference,
          "both arms on the same tokens", "");
    if (c.first_change) change(c, *c.first_change);
    if (c.widest_change &&
        (!c.first_change || c.widest_change->position != c.first_change->position))
      change(c, *c.widest_change);
  }

  void change(const ComparisonRecord& c, const ArgmaxChangeRecord& change) {
    const ReferenceRecord* reference = sigma_source(index_, c.prompt);
    const bool routed = c.routing == "routed";
    const auto token = [](const std::string& text, std::int32_t id) {
      return text.empty() ? std::to_string(id) : fmt::format("\"{}\"", text);
    };
    add(routed ? TokenEventKind::routed_token : TokenEventKind::other_token, c.prompt, c.width,
        change.position,
        fmt::format("{} for {}", token(change.patched_text, change.patched_id),
                    token(change.baseline_text, change.baseline_id)),
        !routed || reference == nullptr
            ? fmt::format("{:.2g}", change.margin)
            : size_text(change.margin, tie_factor(index_.numerics()) * sigma_of(*reference)));
  }

  void route_flip(const RouteFlipRecord& flip) {
    const RouterNoiseRecord* noise = noise_source(index_, flip.layer);
    add(TokenEventKind::route_flip, flip.prompt, flip.width, flip.position,
        fmt::format("layer {}: experts {} for {}", flip.layer, fmt::join(flip.patched_experts, " "),
                    fmt::join(flip.baseline_experts, " ")),
        noise == nullptr
            ? fmt::format("{:.2g}", flip.gap)
            : size_text(flip.gap, flip_tie_factor(index_.numerics()) * noise_of(*noise)));
  }

  const Record& record_;
  const FidelityIndex index_;
  std::map<std::tuple<std::int64_t, std::int64_t, TokenEventKind, std::string, std::string>,
           TokenEvent>
      events_;
};

}  // namespace

const char* token_event_name(TokenEventKind kind) {
  switch (kind) {
    case TokenEventKind::other_bits:
      return "first other bits";
    case TokenEventKind::other_token:
      return "other token";
    case TokenEventKind::routed_token:
      return "same, routed";
    case TokenEventKind::route_flip:
      return "route flip";
    case TokenEventKind::divergence:
      return "ids go apart";
    case TokenEventKind::loop:
      return "loop begins";
  }
  return "";
}

std::vector<TokenEvent> token_events(const Record& record) {
  return EventCollector(record).events();
}

}  // namespace fidelio
