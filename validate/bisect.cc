#include "validate/bisect.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "capsules/exit_code.h"
#include "capsules/site_rules.h"
#include "capsules/verdict.h"

namespace fidelio {
namespace {

bool fails(const VerdictRecord& verdict) {
  return verdict.exit_code == kFidelity || verdict.fidelity == "INCOMPLETE";
}

class Bisection {
 public:
  Bisection(const LoadedModel& model, const RunOptions& options, const Sides& sides,
            const Record& context, Progress& progress)
      : model_(model), options_(options), sides_(sides), context_(context), progress_(progress) {
    options_.runs = 0;
    context_.options.runs = 0;  // nothing is timed, so nothing timed is missing
  }

  BisectResult run() {
    Record record = examined({});
    BisectResult result;
    result.failure = record.verdict.fidelity + ": " + record.verdict.sentence;
    result.failed = fails(record.verdict);
    if (!result.failed) return result;
    result.culprits = culprits_of(record);
    if (result.culprits.empty()) result.culprits = tried_alone(record);
    if (!result.culprits.empty()) confirm(record, result);
    return result;
  }

 private:
  /// The same validation with a part of the patched arm left to the baseline.
  Record examined(LeftToBaseline left) {
    Record record = context_;
    Sides sides = sides_;
    sides.left = std::move(left);
    sides.left.kernels = &sides_.baseline_kernels;
    SideBySide session(model_, options_, sides, record, progress_, [] {});
    session.examine();
    record.verdict = judge(record);
    return record;
  }

  /// Sites that fail, the one that a run meets first in front: by prompt, width, token, and place
  /// in the step.
  std::vector<Culprit> culprits_of(const Record& record) const {
    using Place = std::tuple<std::int64_t, std::ptrdiff_t, std::int64_t, std::size_t>;
    std::vector<std::pair<Place, Culprit>> found;
    for (std::size_t s = 0; s < record.sites.size(); ++s) {
      const SiteRecord& site = record.sites[s];
      const std::string kind = site_failure(site);
      if (kind.empty()) continue;
      const auto& where = site.first_failure ? site.first_failure : site.first_difference;
      const SitePointRecord point = where.value_or(SitePointRecord{});
      found.push_back({{point.prompt, pass_of(point.width), point.position, s},
                       culprit(record, site, kind, point)});
    }
    std::sort(found.begin(), found.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<Culprit> culprits;
    for (auto& [place, one] : found) culprits.push_back(std::move(one));
    return culprits;
  }

  /// Which pass comes to steps of a width; prefill, whose widths nobody lists, is the first's.
  std::ptrdiff_t pass_of(std::int64_t width) const {
    const auto& widths = options_.widths;
    const auto found = std::find(widths.begin(), widths.end(), width);
    return found == widths.end() ? -1 : found - widths.begin();
  }

  static Culprit culprit(const Record& record, const SiteRecord& site, const std::string& kind,
                         const SitePointRecord& point) {
    Culprit out{site.patch, site.site,    site.op,     static_cast<int>(site.layer),
                kind,       point.prompt, point.width, point.position,
                -1};
    const auto prompt = static_cast<std::size_t>(point.prompt);
    std::vector<std::int32_t> ids = record.prompts[prompt].ids;
    const std::vector<std::int32_t>& more = record.generations[prompt].baseline.ids;
    ids.insert(ids.end(), more.begin(), more.end());
    const auto position = static_cast<std::size_t>(point.position);
    if (position < ids.size()) out.token_id = ids[position];
    return out;
  }

  /// For a failure that no node shows on the baseline's values (a kernel that writes over what is
  /// not its own): each patched site as the only one, until one fails.
  std::vector<Culprit> tried_alone(const Record& record) {
    for (const SiteRecord& site : record.sites) {
      if (site.patch.empty()) continue;
      const Record alone = examined(all_but({site.site}, record));
      if (!fails(alone.verdict)) continue;
      SitePointRecord point;
      for (const ComparisonRecord& c : alone.comparisons) {
        if (!c.first_difference) continue;
        const auto prompt = static_cast<std::size_t>(c.prompt);
        const auto before = static_cast<std::int64_t>(record.prompts[prompt].ids.size()) - 1;
        point = {c.prompt, c.width, before + *c.first_difference};
        break;
      }
      return {culprit(record, site, "only in the whole run", point)};
    }
    return {};
  }

  void confirm(const Record& record, BisectResult& result) {
    std::set<std::string> sites;
    for (const Culprit& culprit : result.culprits) sites.insert(culprit.site);
    result.gone_without = !fails(examined({sites, results_with(sites), nullptr}).verdict);
    const Record alone = examined(all_but(sites, record));
    const std::vector<Culprit> again = culprits_of(alone);
    const Culprit& first = result.culprits[0];
    const bool same_place =
        again.empty() ? first.kind == "only in the whole run"
                      : again[0].site == first.site && again[0].kind == first.kind &&
                            again[0].position == first.position && again[0].width == first.width;
    result.same_alone = alone.verdict.fidelity == record.verdict.fidelity && same_place;
  }

  /// Every result of the nodes that make one of these values.
  std::set<std::string> results_with(const std::set<std::string>& names) const {
    std::set<std::string> results = names;
    for (const Node& node : model_.graph.nodes()) {
      std::set<std::string> own;
      for (const ValueId output : node.outputs) own.insert(model_.graph.value(output).name);
      const bool named = std::any_of(own.begin(), own.end(),
                                     [&](const std::string& name) { return names.contains(name); });
      if (named) results.insert(own.begin(), own.end());
    }
    return results;
  }

  /// Everything but these sites.
  LeftToBaseline all_but(const std::set<std::string>& sites, const Record& record) const {
    LeftToBaseline left;
    for (const SiteRecord& site : record.sites)
      if (!site.patch.empty() && !sites.contains(site.site)) left.sites.insert(site.site);
    const std::set<std::string> kept = results_with(sites);
    for (const Value& value : model_.graph.values())
      if (!kept.contains(value.name)) left.nodes.insert(value.name);
    return left;
  }

  const LoadedModel& model_;
  RunOptions options_;
  const Sides& sides_;
  Record context_;
  Progress& progress_;
};

}  // namespace

BisectResult bisect(const LoadedModel& model, const RunOptions& options, const Sides& sides,
                    const Record& record, Progress& progress) {
  return Bisection(model, options, sides, record, progress).run();
}

}  // namespace fidelio
