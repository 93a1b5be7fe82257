// Whole-model decode against the bare loop: tokens per second of both arms on a synthetic
// checkpoint with the layer shapes of Qwen3-30B-A3B, in GB/s of the bytes one token must read,
// beside the same kernels' bare matrix-vector loop. All in one process, interleaved: shared
// machines change by the minute. Usage: decode_bench [ROUNDS] [LAYERS] [BITS]
#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "bench/synthetic_checkpoint.h"
#include "patches/catalogue.h"
#include "validate/arm.h"
#include "validate/bandwidth_probe.h"
#include "validate/decode_traffic.h"
#include "validate/generate.h"

namespace fidelio {
namespace {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// GB/s of `linear` over one expert after the other, all layers, as one thread team does a decode
/// step's largest part.
double bare_loop(const LoadedModel& model, const KernelTable& kernels, ThreadTeam& team) {
  std::vector<const WeightView*> views;
  for (const Param& param : model.graph.params()) {
    if (param.kind != Param::Kind::experts) continue;
    const std::vector<WeightView>& stack = model.weights.experts(param.name);
    for (std::size_t e = 0; e < stack.size(); e += 8)
      views.push_back(&stack[e]);  // an eighth of them: beyond the cache
  }
  const std::vector<float> x(8192, 0.01F);
  std::vector<float> y(8192 * 2);
  double bytes = 0;
  for (const WeightView* w : views) bytes += static_cast<double>(w->rows * bytes_per_row(*w));
  const auto start = std::chrono::steady_clock::now();
  team.run([&](std::size_t thread) {
    for (const WeightView* w : views)
      kernels.linear({*w, x.data(), y.data(), 1}, {thread, team.size(), nullptr});
  });
  return bytes * 1e-9 /
         std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void run(int rounds, const bench::SyntheticShape& shape) {
  std::string dir = (std::filesystem::temp_directory_path() / "fidelio-bench-XXXXXX").string();
  if (::mkdtemp(dir.data()) == nullptr) throw std::runtime_error("cannot make " + dir);
  const bench::SyntheticCheckpoint written(shape, dir);
  const auto model = load_model(dir);
  model->checkpoint.tensors().prefetch();
  const KernelTable kernels = kernels_for();
  ThreadTeam team(static_cast<std::size_t>(std::max(1U, std::thread::hardware_concurrency())));
  const RopeTable rope = rope_table_for(*model, 128);
  Arm baseline("baseline", *model, {}, kernels, team, rope, {128, 64});
  Arm patched("patched", *model, parse_patch_list("all"), kernels, team, rope, {128, 64});
  std::vector<std::int32_t> prompt(40);
  for (std::size_t i = 0; i < prompt.size(); ++i)
    prompt[i] = static_cast<std::int32_t>(97 * i % 30000);
  GenerateOptions options;
  options.max_tokens = 33;
  const double bytes = decode_bytes(*baseline.width_plan(1).plan, model->config(), 56);

  std::vector<double> bare, probe, tok_s[2], share[2], prefill[2];
  for (int round = -1; round < rounds; ++round) {
    const double loop = bare_loop(*model, kernels, team);
    const double read = probe_read_bandwidth(team) * 1e-9;
    for (int i = 0; i < 2; ++i) {
      const int arm = (round + i) & 1;
      const Generation g = generate((arm == 0 ? baseline : patched).decoder(), prompt, options);
      const double rate = 32e9 / static_cast<double>(g.decode_ns);
      if (round < 0) continue;  // warm-up
      tok_s[arm].push_back(rate);
      share[arm].push_back(rate * bytes * 1e-9 / loop);
      prefill[arm].push_back(40e9 / static_cast<double>(g.first_token_ns));
    }
    if (round < 0) continue;
    bare.push_back(loop);
    probe.push_back(read);
  }
  fmt::print("{} layers, {} bit, {} threads, {}: {:.3f} GB a token; medians of {} rounds\n",
             shape.layers, shape.bits, team.size(), kernels.target, bytes * 1e-9, rounds);
  fmt::print("read probe {:.1f} GB/s, bare loop {:.1f} GB/s\n", median(probe), median(bare));
  for (int arm = 0; arm < 2; ++arm) {
    fmt::print(
        "{}: prefill {:.1f} tok/s, decode {:.1f} tok/s = {:.1f} GB/s, {:.0f}% of the bare loop "
        "(median of pairs)\n",
        arm == 0 ? "baseline" : "patched", median(prefill[arm]), median(tok_s[arm]),
        median(tok_s[arm]) * bytes * 1e-9, 100 * median(share[arm]));
  }
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace fidelio

int main(int argc, char** argv) {
  fidelio::bench::SyntheticShape shape;
  if (argc > 2) shape.layers = std::atoi(argv[2]);
  if (argc > 3) shape.bits = std::atoi(argv[3]);
  fidelio::run(argc > 1 ? std::atoi(argv[1]) : 7, shape);
  return 0;
}
