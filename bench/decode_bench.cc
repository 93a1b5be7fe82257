// Decoding of whole models, three arms interleaved in one process: the baseline, the baseline
// again and the patched graph. The second one bounds what the place of an arm in memory makes
// (nothing, it should be), so that only the rest of a difference belongs to the patches. Each
// arm's tokens per second stand in GB/s of the bytes that one token must read, beside the same
// kernels' bare loop over the expert weights; then where a token's time goes, op by op.
// Usage: decode_bench MODEL [ROUNDS] [TOKENS]
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>

#include "core/aligned_vector.h"
#include "core/ops.h"
#include "patches/catalogue.h"
#include "validate/arm.h"
#include "validate/bandwidth_probe.h"
#include "validate/decode_traffic.h"
#include "validate/generate.h"

namespace fidelio {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

/// GB/s of `linear` over an eighth of the experts of every layer, as one thread team does a decode
/// step's largest part. 0 for a model without experts.
double bare_loop(const LoadedModel& model, const KernelTable& kernels, ThreadTeam& team) {
  std::vector<const WeightView*> views;
  std::size_t cols = 0;
  std::size_t rows = 0;
  double bytes = 0;
  for (const Param& param : model.graph.params()) {
    if (param.kind != Param::Kind::experts) continue;
    const std::vector<WeightView>& stack = model.weights.experts(param.name);
    for (std::size_t e = 0; e < stack.size(); e += 8) {
      views.push_back(&stack[e]);
      cols = std::max(cols, stack[e].cols);
      rows = std::max(rows, stack[e].rows);
      bytes += static_cast<double>(stack[e].rows * bytes_per_row(stack[e]));
    }
  }
  const AlignedVector<float> x(cols, 0.01F);
  AlignedVector<float> y(rows);
  const auto start = Clock::now();
  team.run([&](std::size_t thread) {
    for (const WeightView* w : views)
      kernels.linear({*w, x.data(), y.data(), 1}, {thread, team.size(), nullptr});
  });
  return bytes * 1e-9 / seconds_since(start);
}

/// Where the time of a step goes. Every node is fenced by barriers here, so the sum is a little
/// more than an unwatched step.
class OpTimes : public NodeObserver {
 public:
  void before(const PlanNode& /*node*/, const StepMemory& /*memory*/) override {
    start_ = Clock::now();
  }
  void after(const PlanNode& node, const StepMemory& memory) override {
    if (memory.n_tokens > 1) return;
    const std::string_view name = info(node.op).name;
    Time& time = by_op_[std::string(name)];
    time.seconds += seconds_since(start_);
    ++time.calls;
  }
  void print(double n_steps) const {
    for (const auto& [name, time] : by_op_) {
      fmt::print("  {:<16}{:>6.0f} calls{:>10.1f} us a token\n", name, time.calls / n_steps,
                 1e6 * time.seconds / n_steps);
    }
  }

 private:
  struct Time {
    double seconds = 0;
    double calls = 0;
  };
  Clock::time_point start_;
  std::map<std::string, Time> by_op_;
};

constexpr std::size_t kArms = 3;
constexpr std::size_t kPromptTokens = 64;
const std::array<const char*, kArms> kNames = {"baseline", "baseline again", "patched"};

struct Figures {
  std::vector<double> tok_s;
  std::vector<double> ratio;  ///< to the baseline of the same round
  std::vector<double> share;  ///< of the bare loop of the same round
  std::vector<double> prefill_ratio;
};

void run(const std::string& path, int rounds, std::int64_t tokens) {
  const auto model = load_model(path);
  model->checkpoint.tensors().prefetch();
  const KernelTable kernels = kernels_for();
  ThreadTeam team(static_cast<std::size_t>(std::max(1U, std::thread::hardware_concurrency())));
  const std::size_t capacity = kPromptTokens + static_cast<std::size_t>(tokens);
  const RopeTable rope = rope_table_for(*model, capacity);
  const ArmLimits limits{capacity, kPromptTokens};
  std::array<std::unique_ptr<Arm>, kArms> arms;
  for (std::size_t i = 0; i < kArms; ++i) {
    const auto patches = i == 2 ? parse_patch_list("all") : std::vector<const Patch*>{};
    arms[i] = std::make_unique<Arm>(kNames[i], *model, patches, kernels, team, rope, limits);
  }
  std::vector<std::int32_t> prompt(kPromptTokens);
  const auto vocab = static_cast<std::size_t>(model->config().vocab_size);
  for (std::size_t i = 0; i < prompt.size(); ++i)
    prompt[i] = static_cast<std::int32_t>((97 * i + 11) % vocab);
  GenerateOptions options;
  options.max_tokens = tokens;
  const std::vector<std::int32_t> forced = generate(arms[0]->decoder(), prompt, options).ids;
  options.forced = forced;
  const auto steps = static_cast<double>(tokens - 1);
  const double bytes = decode_bytes(*arms[0]->width_plan(1).plan, model->config(),
                                    static_cast<double>(capacity) * 0.75);

  std::array<Figures, kArms> figures;
  std::vector<double> bare;
  std::vector<double> probe;
  for (int round = -1; round < rounds; ++round) {
    const double loop = bare_loop(*model, kernels, team);
    const double read = probe_read_bandwidth(team) * 1e-9;
    std::array<double, kArms> rate{};
    std::array<double, kArms> prefill{};
    for (std::size_t i = 0; i < kArms; ++i) {
      const std::size_t arm = round % 2 == 0 ? i : kArms - 1 - i;
      const Generation g = generate(arms[arm]->decoder(), prompt, options);
      rate[arm] = steps * 1e9 / static_cast<double>(g.decode_ns);
      prefill[arm] = 1e9 / static_cast<double>(g.first_token_ns);
    }
    if (round < 0) continue;  // warm-up
    bare.push_back(loop);
    probe.push_back(read);
    for (std::size_t arm = 0; arm < kArms; ++arm) {
      figures[arm].tok_s.push_back(rate[arm]);
      figures[arm].ratio.push_back(rate[arm] / rate[0]);
      figures[arm].prefill_ratio.push_back(prefill[arm] / prefill[0]);
      if (loop > 0) figures[arm].share.push_back(rate[arm] * bytes * 1e-9 / loop);
    }
  }
  fmt::print("{}, {} threads, {}: {:.3f} GB a token; medians of {} rounds of {} tokens\n",
             model->id, team.size(), kernels.target, bytes * 1e-9, rounds, tokens);
  fmt::print("read probe {:.1f} GB/s, bare loop {:.1f} GB/s\n", median(probe), median(bare));
  for (std::size_t arm = 0; arm < kArms; ++arm) {
    const Figures& f = figures[arm];
    fmt::print(
        "{:<15} decode {:.2f} tok/s = {:.1f} GB/s, {:.0f}% of the bare loop, {:.3f}x; "
        "prefill {:.3f}x\n",
        kNames[arm], median(f.tok_s), median(f.tok_s) * bytes * 1e-9, 100 * median(f.share),
        median(f.ratio), median(f.prefill_ratio));
  }
  for (std::size_t arm = 0; arm < kArms; ++arm) {
    OpTimes times;
    arms[arm]->decoder().set_observer(&times);
    generate(arms[arm]->decoder(), prompt, options);
    arms[arm]->decoder().set_observer(nullptr);
    fmt::print("{}:\n", kNames[arm]);
    times.print(steps);
  }
}

}  // namespace
}  // namespace fidelio

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: decode_bench MODEL [ROUNDS] [TOKENS]\n");
    return 2;
  }
  fidelio::run(argv[1], argc > 2 ? std::atoi(argv[2]) : 7, argc > 3 ? std::atoi(argv[3]) : 33);
  return 0;
}
