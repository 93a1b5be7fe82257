#include "validate/fidelity/site_pass.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "validate/fidelity/router_scores.h"
#include "validate/fidelity/settle_cache.h"

namespace fidelio {
namespace {

/// One output of a node beside the same value of the baseline.
struct OutputPair {
  const std::uint32_t* baseline = nullptr;
  std::uint32_t* patched = nullptr;
  std::size_t rows = 0;
  std::size_t width = 0;
  bool is_float = true;

  const std::uint32_t* baseline_row(std::size_t r) const { return baseline + r * width; }
  std::uint32_t* patched_row(std::size_t r) const { return patched + r * width; }
  bool same(std::size_t r) const {
    return std::memcmp(baseline_row(r), patched_row(r), width * sizeof(std::uint32_t)) == 0;
  }
};

Words row_words(const std::uint32_t* row, std::size_t width) { return {row, row + width}; }

/// The numbers of one arm's row.
std::vector<double> numbers_of(const std::vector<Words>& outputs, std::size_t n_experts) {
  std::vector<std::vector<double>> floats;
  std::vector<std::int32_t> ids;
  for (const Words& words : outputs) {
    if (n_experts > 0 && &words == &outputs.back()) {
      ids = ids_of(words);
    } else {
      const std::vector<float> values = floats_of(words);
      floats.emplace_back(values.begin(), values.end());
    }
  }
  return comparable(floats, ids, n_experts);
}

}  // namespace

/// Watches the patched arm in steps of one width.
class SitePass::Watcher : public NodeObserver {
 public:
  Watcher(SitePass& owner, const WidthPlan& plan, std::size_t n_tokens)
      : owner_(owner), graph_(plan.plan->graph()), n_tokens_(n_tokens) {
    for (const PatchReport& report : plan.reports) {
      for (const SiteReport& site : report.sites)
        if (site.applied) sites_[site.site] = &site;
    }
    last_reader_.resize(graph_.values().size());
    for (std::size_t n = 0; n < graph_.nodes().size(); ++n)
      for (const ValueId input : graph_.nodes()[n].inputs)
        last_reader_[static_cast<std::size_t>(input)] = static_cast<NodeId>(n);
  }

  void after(const PlanNode& node, const StepMemory& memory) override {
    check_others(node);
    compare_results(node, memory);
    remember(node, memory);
  }

  void start_step(std::size_t position) {
    first_position_ = position;
    live_.clear();
  }

 private:
  /// A value that is still to be read.
  struct Live {
    OutputPair pair;
    NodeId last_reader;
  };

  /// What a node changed that is not its own result.
  void check_others(const PlanNode& node) {
    for (const Live& live : live_) {
      const std::size_t bytes = live.pair.rows * live.pair.width * sizeof(std::uint32_t);
      if (std::memcmp(live.pair.patched, live.pair.baseline, bytes) == 0) continue;
      SiteTally& tally = tally_of(node);
      ++tally.record.foreign_writes;
      if (!tally.record.first_difference) tally.record.first_difference = point(0, n_tokens_);
      std::memcpy(live.pair.patched, live.pair.baseline, bytes);
    }
  }

  void remember(const PlanNode& node, const StepMemory& memory) {
    std::erase_if(live_, [&](const Live& live) { return live.last_reader <= node.source; });
    const Node& source = graph_.node(node.source);
    for (std::size_t i = 0; i < source.outputs.size(); ++i) {
      const NodeId last = last_reader_[static_cast<std::size_t>(source.outputs[i])];
      const std::optional<OutputPair> pair = pair_of(node, memory, i);
      if (pair && last > node.source) live_.push_back({*pair, last});
    }
  }

  void compare_results(const PlanNode& node, const StepMemory& memory) {
    if (node.op == Op::kv_append) {
      owner_.rows_by_op_[node.op] += static_cast<std::int64_t>(memory.n_tokens);
      const auto layer = owner_.tape_.cache().layer(node.layer_index);
      const auto differing = settle_cache(layer, memory.cache->layer(node.layer_index), memory);
      if (!differing.empty()) note(tally_of(node), memory.n_tokens, differing);
      return;
    }
    if (node.op == Op::short_conv) {
      settle_cache(owner_.tape_.cache().conv(node.layer_index),
                   memory.cache->conv(node.layer_index), memory);
    }
    const std::vector<OutputPair> outputs = pair_outputs(node, memory);
    if (outputs.empty()) return;
    owner_.rows_by_op_[node.op] += static_cast<std::int64_t>(outputs[0].rows);
    std::vector<std::size_t> differing;
    for (std::size_t r = 0; r < outputs[0].rows; ++r) {
      if (!std::all_of(outputs.begin(), outputs.end(),
                       [r](const OutputPair& output) { return output.same(r); }))
        differing.push_back(r);
    }
    const bool patched_site = site_of(node) != nullptr;
    if (!patched_site && differing.empty()) return;
    SiteTally& tally = tally_of(node);
    note(tally, outputs[0].rows, differing);
    if (tally.numerics != Numerics::bit_exact) keep_rows(tally, node, memory, outputs, differing);
    for (const OutputPair& output : outputs)
      std::memcpy(output.patched, output.baseline,
                  output.rows * output.width * sizeof(std::uint32_t));
  }

  const std::string& result_of(const PlanNode& node) const {
    return graph_.value(graph_.node(node.source).outputs[0]).name;
  }

  /// The patch's report of a node that a patch wrote, found by any of its results.
  const SiteReport* site_of(const PlanNode& node) const {
    for (const ValueId output : graph_.node(node.source).outputs) {
      const auto found = sites_.find(graph_.value(output).name);
      if (found != sites_.end()) return found->second;
    }
    return nullptr;
  }

  /// Result i beside the baseline's value of that name; nothing where the baseline has none.
  std::optional<OutputPair> pair_of(const PlanNode& node, const StepMemory& memory,
                                    std::size_t i) const {
    const PlanValue& output = node.outputs[i];
    const std::string& name = graph_.value(graph_.node(node.source).outputs[i]).name;
    const auto value = owner_.tape_.graph().find_value(name);
    if (!value || output.width == 0) return std::nullopt;
    const std::span<const std::uint32_t> expected = owner_.tape_.words(*value);
    const std::size_t rows = memory.rows(output);
    if (expected.size() != rows * output.width) return std::nullopt;
    return OutputPair{expected.data(), reinterpret_cast<std::uint32_t*>(memory.floats(output)),
                      rows, output.width, output.is_float};
  }

  std::vector<OutputPair> pair_outputs(const PlanNode& node, const StepMemory& memory) const {
    std::vector<OutputPair> pairs;
    for (std::size_t i = 0; i < node.outputs.size(); ++i)
      if (const auto pair = pair_of(node, memory, i)) pairs.push_back(*pair);
    return pairs;
  }

  SiteTally& tally_of(const PlanNode& node) {
    const SiteReport* site = site_of(node);
    const std::string& name = site != nullptr ? site->site : result_of(node);
    const auto [at, is_new] = owner_.tallies_.try_emplace(name);
    SiteTally& tally = at->second;
    if (!is_new) return tally;
    const Graph& before = owner_.tape_.graph();
    tally.record.site = name;
    tally.record.op = info(node.op).name;
    tally.record.layer = node.layer;
    if (const auto value = before.find_value(name))
      tally.order = static_cast<std::size_t>(before.producer(*value));
    if (site == nullptr) return tally;
    if (owner_.suspicious_.contains(name)) tally.suspicious_distance = owner_.suspicious_[name];
    tally.the_patch = find_in(owner_.patched_.patches(), site->patch);
    tally.numerics = tally.the_patch->numerics;
    tally.record.patch = site->patch;
    tally.record.numerics = numerics_name(tally.numerics);
    tally.fragment = find_fragment(before, graph_, site->outputs);
    tally.x = before.find_value(site->inputs[0]);
    return tally;
  }

  static const Patch* find_in(const std::vector<const Patch*>& patches, const std::string& name) {
    return *std::find_if(patches.begin(), patches.end(),
                         [&](const Patch* patch) { return patch->name == name; });
  }

  /// Of a node with fewer rows than the step has tokens they are the last tokens'.
  SitePointRecord point(std::size_t row, std::size_t rows) const {
    return {owner_.input_->prompt_index, static_cast<std::int64_t>(n_tokens_),
            static_cast<std::int64_t>(position_of(row, rows))};
  }

  std::size_t position_of(std::size_t row, std::size_t rows) const {
    return first_position_ + n_tokens_ - rows + row;
  }

  void note(SiteTally& tally, std::size_t rows, const std::vector<std::size_t>& differing) const {
    tally.record.rows += static_cast<std::int64_t>(rows);
    tally.record.differing_rows += static_cast<std::int64_t>(differing.size());
    if (!tally.record.first_difference && !differing.empty())
      tally.record.first_difference = point(differing[0], rows);
  }

  /// Chosen rows, and the one that differs most.
  void keep_rows(SiteTally& tally, const PlanNode& node, const StepMemory& memory,
                 const std::vector<OutputPair>& outputs,
                 const std::vector<std::size_t>& differing) const {
    const std::size_t n_experts = outputs.back().is_float ? 0 : node.inputs[0].width;
    const float* x = n_experts > 0 ? memory.floats(node.inputs[0]) : nullptr;
    const std::size_t rows = outputs[0].rows;
    for (std::size_t r = 0; r < rows; ++r) {
      if (owner_.sampled_->contains(position_of(r, rows)))
        tally.samples.push_back(sample(tally, outputs, rows, r));
    }
    for (const std::size_t r : differing) {
      if (n_experts > 0) {
        const OutputPair& ids = outputs.back();
        const Choice choice = choice_of(selection_scores(node, x + r * n_experts),
                                        ids_of(row_words(ids.baseline_row(r), ids.width)),
                                        ids_of(row_words(ids.patched_row(r), ids.width)));
        if (choice == Choice::wrong) {
          ++tally.record.wrong_expert_rows;
          if (!tally.first_wrong) tally.first_wrong = point(r, rows);
        }
        if (choice != Choice::same) continue;  // weights of other experts cannot be compared
      }
      SiteSample row = sample(tally, outputs, rows, r);
      const std::vector<double> expected = numbers_of(row.baseline, n_experts);
      tally.sizes.add(expected, expected);
      const double distance =
          row_error(numbers_of(row.patched, n_experts), expected, tally.sizes.typical_row());
      if (!(distance <= tally.suspicious_distance) && tally.suspects.size() < kMaxSuspects)
        tally.suspects.push_back(row);
      const bool settled = std::isnan(tally.worst_distance) || distance <= tally.worst_distance;
      if (tally.worst && settled) continue;
      tally.worst = std::move(row);
      tally.worst_distance = distance;
    }
  }

  SiteSample sample(const SiteTally& tally, const std::vector<OutputPair>& outputs,
                    std::size_t rows, std::size_t r) const {
    SiteSample row;
    row.point = point(r, rows);
    for (const ValueId input : tally.fragment.inputs) {
      const std::span<const std::uint32_t> words = owner_.tape_.words(input);
      const std::size_t width = words.size() / rows;
      row.inputs.push_back(row_words(words.data() + r * width, width));
    }
    for (const OutputPair& output : outputs) {
      row.baseline.push_back(row_words(output.baseline_row(r), output.width));
      row.patched.push_back(row_words(output.patched_row(r), output.width));
    }
    return row;
  }

  SitePass& owner_;
  const Graph& graph_;
  std::size_t n_tokens_;
  std::map<std::string, const SiteReport*> sites_;
  std::vector<NodeId> last_reader_;  ///< by ValueId
  std::vector<Live> live_;           ///< of the step so far
  std::size_t first_position_ = 0;
};

SitePass::SitePass(Arm& baseline, Arm& patched)
    : baseline_(baseline), patched_(patched), tape_(baseline.width_plan(1).plan->graph()) {}

SitePass::~SitePass() = default;

void SitePass::run(const LockstepInput& input, const std::set<std::size_t>& sampled) {
  input_ = &input;
  sampled_ = &sampled;
  const auto watch = [&](std::size_t n_tokens, std::size_t first_position) -> Watchers {
    auto& watcher = watchers_[n_tokens];
    if (!watcher)
      watcher = std::make_unique<Watcher>(*this, patched_.width_plan(n_tokens), n_tokens);
    watcher->start_step(first_position);
    return {&tape_, watcher.get()};
  };
  run_lockstep(
      baseline_, patched_, input, watch, [](const StepLogits&) {}, nullptr);
}

}  // namespace fidelio
