// What a reader of capsules may rely on beyond the type of each field.
#include "capsules/json_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <vector>

#include "capsules/capsule_error.h"
#include "capsules/json_strict.h"

namespace fidelio {
namespace {

class SectionCheck {
 public:
  SectionCheck(const Record& record, const std::string& where) : record_(record), where_(where) {}

  template <class Entry>
  void prompts(const std::vector<Entry>& entries, const char* section) const {
    for (std::size_t i = 0; i < entries.size(); ++i)
      prompt(entries[i].prompt, fmt::format("{}[{}]", section, i));
  }

  void lengths() const {
    const std::vector<std::int64_t>& lengths = record_.options.lengths;
    for (std::size_t i = 1; i < lengths.size(); ++i)
      if (lengths[i] <= lengths[i - 1])
        refuse(fmt::format("options.lengths[{}]", i), lengths[i],
               fmt::format("an integer above {}", lengths[i - 1]));
  }

  void timing_options() const {
    at_most("options.looks", record_.options.looks, 2, "looks at the timing");
  }

  /// With other patches than those asked for, a capsule would say what none of its options do.
  void patches() const {
    const std::vector<std::string>& asked = record_.options.patches;
    for (std::size_t i = 0; i < record_.patches.size(); ++i)
      if (std::find(asked.begin(), asked.end(), record_.patches[i].name) == asked.end())
        throw CapsuleError(fmt::format(
            "{}: $.patches[{}].name: found {}, expected one of {}", where_, i,
            describe(record_.patches[i].name),
            asked.empty() ? "none, as options.patches says" : "those of options.patches"));
  }

  void runs() const {
    std::int64_t last = -1;
    const std::size_t launches = std::max<std::size_t>(1, record_.launches.size());
    std::set<std::tuple<std::int64_t, std::int64_t, std::string_view>> seen;
    for (std::size_t i = 0; i < record_.runs.size(); ++i) {
      const RunRecord& run = record_.runs[i];
      if (run.order <= last)
        refuse(fmt::format("runs[{}].order", i), run.order,
               fmt::format("an integer above {}", last));
      last = run.order;
      below(fmt::format("runs[{}].launch", i), run.launch, static_cast<std::int64_t>(launches),
            "an index into launches");
      if (run.pair >= 0 && !seen.emplace(run.prompt, run.pair, run.arm).second)
        refuse(fmt::format("runs[{}].pair", i), run.pair,
               fmt::format("one {} run of prompt {} in it", run.arm, run.prompt));
    }
  }

  void comparisons() const {
    for (std::size_t i = 0; i < record_.comparisons.size(); ++i) {
      const ComparisonRecord& c = record_.comparisons[i];
      const std::string at = fmt::format("comparisons[{}]", i);
      const std::string compared = fmt::format("the {} positions compared", c.positions);
      at_most(at + ".differing_positions", c.differing_positions, c.positions, compared);
      at_most(at + ".argmax_changes", c.argmax_changes, c.positions, compared);
      change(c.first_change, at + ".first_change", c);
      change(c.widest_change, at + ".widest_change", c);
      const auto margins = static_cast<std::int64_t>(c.margins.size());
      if (margins != 0 && margins != c.positions)
        refuse(at + ".margins", margins, "none or as many as " + compared);
      if (c.routing != "routed" && c.route_flips > 0)
        refuse(at + ".route_flips", c.route_flips, "0 where each arm chooses its experts");
    }
  }

  void route_flips() const {
    std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> routed;  // their positions
    for (const ComparisonRecord& c : record_.comparisons)
      if (c.routing == "routed") routed.emplace(std::pair(c.prompt, c.width), c.positions);
    for (std::size_t i = 0; i < record_.route_flips.size(); ++i) {
      const RouteFlipRecord& flip = record_.route_flips[i];
      const std::string at = fmt::format("route_flips[{}]", i);
      const auto comparison = routed.find({flip.prompt, flip.width});
      if (comparison == routed.end())
        refuse(at + ".width", flip.width,
               fmt::format("that of a routed comparison of prompt {}", flip.prompt));
      const std::int64_t positions = comparison->second;
      const std::int64_t before = rows_before(flip.prompt);
      at_most(at + ".count", flip.count, positions + before,
              fmt::format("the {} positions compared and the {} before them", positions, before));
      below(at + ".position", flip.position, positions,
            fmt::format("an index into the {} positions compared", positions));
      if (flip.position < -before)
        refuse(at + ".position", flip.position,
               fmt::format("at least {}, prompt {}'s first token", -before, flip.prompt));
    }
  }

  /// One a layer, one a prompt: two of them could say different things.
  void references() const {
    std::set<std::int64_t> layers, prompts;
    for (std::size_t i = 0; i < record_.router_noise.size(); ++i) {
      const std::int64_t layer = record_.router_noise[i].layer;
      if (!layers.insert(layer).second)
        refuse(fmt::format("router_noise[{}].layer", i), layer, "each layer once");
    }
    for (std::size_t i = 0; i < record_.references.size(); ++i) {
      const std::int64_t prompt = record_.references[i].prompt;
      if (!prompts.insert(prompt).second)
        refuse(fmt::format("references[{}].prompt", i), prompt, "each prompt once");
    }
  }

  void sites() const {
    std::map<std::string_view, std::string_view> claims;
    for (const PatchRecord& patch : record_.patches) claims.emplace(patch.name, patch.numerics);
    for (std::size_t i = 0; i < record_.sites.size(); ++i) {
      const SiteRecord& site = record_.sites[i];
      const std::string at = fmt::format("sites[{}]", i);
      const std::string compared = fmt::format("the {} rows compared", site.rows);
      at_most(at + ".differing_rows", site.differing_rows, site.rows, compared);
      at_most(at + ".wrong_expert_rows", site.wrong_expert_rows, site.rows, compared);
      at_most(at + ".sampled_rows", site.sampled_rows, site.rows, compared);
      if (site.first_difference) prompt(site.first_difference->prompt, at + ".first_difference");
      if (site.worst) prompt(site.worst->prompt, at + ".worst");
      const auto claim = claims.find(site.patch);
      const std::string_view expected = claim == claims.end() ? "bit_exact" : claim->second;
      if (site.numerics != expected)
        throw CapsuleError(fmt::format(
            "{}: $.{}.numerics: found \"{}\", expected \"{}\" as {}", where_, at, site.numerics,
            expected,
            claim == claims.end() ? "of a node without a listed patch" : "its patch says"));
    }
  }

 private:
  void prompt(std::int64_t prompt, const std::string& at) const {
    below(at + ".prompt", prompt, static_cast<std::int64_t>(record_.prompts.size()),
          fmt::format("an index into the {} prompts", record_.prompts.size()));
  }

  /// Tokens of a prompt before the first compared row.
  std::int64_t rows_before(std::int64_t prompt) const {
    const std::size_t ids = record_.prompts[static_cast<std::size_t>(prompt)].ids.size();
    return std::max<std::int64_t>(static_cast<std::int64_t>(ids) - 1, 0);
  }

  void change(const std::optional<ArgmaxChangeRecord>& change, const std::string& at,
              const ComparisonRecord& c) const {
    if (!change) return;
    if (c.argmax_changes == 0)
      refuse(at + ".position", change->position, "null where no best token changes");
    below(at + ".position", change->position, c.positions,
          fmt::format("an index into the {} positions compared", c.positions));
  }

  void at_most(const std::string& at, std::int64_t found, std::int64_t limit,
               const std::string& what) const {
    if (found > limit) refuse(at, found, "at most " + what);
  }
  void below(const std::string& at, std::int64_t found, std::int64_t limit,
             const std::string& expected) const {
    if (found >= limit) refuse(at, found, expected);
  }

  [[noreturn]] void refuse(const std::string& at, std::int64_t found,
                           const std::string& expected) const {
    throw CapsuleError(fmt::format("{}: $.{}: found {}, expected {}", where_, at, found, expected));
  }

  const Record& record_;
  const std::string& where_;
};

}  // namespace

void check_sections(const Record& record, const std::string& where) {
  const SectionCheck check(record, where);
  check.prompts(record.generations, "generations");
  check.prompts(record.comparisons, "comparisons");
  check.prompts(record.route_flips, "route_flips");
  check.prompts(record.references, "references");
  check.prompts(record.faults, "faults");
  check.prompts(record.runs, "runs");
  check.prompts(record.evidence, "evidence");
  check.lengths();
  check.timing_options();
  check.patches();
  check.runs();
  check.comparisons();
  check.route_flips();
  check.references();
  check.sites();
}

}  // namespace fidelio
