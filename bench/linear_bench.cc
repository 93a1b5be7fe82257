// The bare loop: `linear` over weights larger than any cache, per format, target, thread count and
// M. Its GB/s is what a whole model's decode is held against; `read` is the same bytes only summed.
// Usage: linear_bench [--benchmark_filter=…]; for shares of `read`, which moves from minute to
// minute,
// --benchmark_enable_random_interleaving=true --benchmark_repetitions=7 and the medians.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "kernels/table.h"

namespace fidelio {
namespace {

constexpr std::size_t kCols = 2048;
constexpr std::size_t kWeightBytes = std::size_t{512} << 20;
constexpr std::size_t kCachedBytes = std::size_t{256} << 10;  // of an L2: the arithmetic alone

/// Random codes or small normal-range floats, sized to kWeightBytes for M = 1 and to 32 MiB for
/// matrix products.
struct Weights {
  std::vector<std::byte> data;
  std::vector<std::byte> scales;
  WeightView view;
};

std::size_t bits_of(WeightFormat format) {
  switch (format) {
    case WeightFormat::f32:
      return 32;
    case WeightFormat::f16:
    case WeightFormat::bf16:
      return 16;
    default:
      return affine_bits(format);
  }
}

Weights make_weights(WeightFormat format, std::size_t total_bytes) {
  Weights w;
  WeightView& v = w.view;
  v.format = format;
  v.cols = kCols;
  v.row_bytes = kCols * bits_of(format) / 8;
  v.rows = total_bytes / v.row_bytes;
  std::mt19937_64 random(7);
  w.data.resize(v.rows * v.row_bytes);
  for (std::size_t i = 0; i + 8 <= w.data.size(); i += 8) {
    std::uint64_t bits = random();
    if (bits_of(format) == 16) bits = (bits & 0x83FF83FF83FF83FFULL) | 0x3C003C003C003C00ULL;
    if (bits_of(format) == 32) bits = (bits & 0x807FFFFF807FFFFFULL) | 0x3C0000003C000000ULL;
    std::memcpy(&w.data[i], &bits, 8);
  }
  v.data = w.data.data();
  if (affine_bits(format) != 0) {
    v.group_size = 64;
    v.scale_type = ScaleType::bf16;
    w.scales.resize(v.rows * kCols / 64 * 2);
    const std::uint16_t scale = 0x3C23;
    for (std::size_t i = 0; i < w.scales.size(); i += 2) std::memcpy(&w.scales[i], &scale, 2);
    v.scales = v.biases = w.scales.data();
  }
  return w;
}

void run_linear(benchmark::State& state, WeightFormat format, LinearFn linear, std::size_t n_tokens,
                std::size_t total_bytes) {
  static Weights w;
  static std::vector<float> x;
  static std::vector<float> y;
  if (state.thread_index() == 0) {
    w = make_weights(format, total_bytes);
    x.assign(n_tokens * kCols, 0.5F);
    y.assign(n_tokens * w.view.rows, 0.0F);
  }
  const Share share{static_cast<std::size_t>(state.thread_index()),
                    static_cast<std::size_t>(state.threads())};
  for (auto _ : state) linear({w.view, x.data(), y.data(), n_tokens}, share);
  const double rows = static_cast<double>(share.of(w.view.rows).end - share.of(w.view.rows).begin);
  using benchmark::Counter;
  const double iterations = static_cast<double>(state.iterations());
  state.counters["GB/s"] = Counter(
      iterations * rows * static_cast<double>(bytes_per_row(w.view)) * 1e-9, Counter::kIsRate);
  state.counters["GFLOP/s"] =
      Counter(iterations * rows * 2e-9 * static_cast<double>(kCols * n_tokens), Counter::kIsRate);
}

void run_read(benchmark::State& state) {
  static std::vector<std::uint64_t> memory;
  if (state.thread_index() == 0) memory.assign(kWeightBytes / 8, 1);
  const Share share{static_cast<std::size_t>(state.thread_index()),
                    static_cast<std::size_t>(state.threads())};
  const Range part = share.of(memory.size() / 8 / 8);  // lines of 64 bytes in each of 8 streams
  const std::size_t stream = memory.size() / 8;
  for (auto _ : state) {
    std::uint64_t sum = 0;
    for (std::size_t line = part.begin; line < part.end; ++line) {
      for (std::size_t s = 0; s < 8; ++s) {
        const std::uint64_t* p = &memory[s * stream + line * 8];
        for (std::size_t i = 0; i < 8; ++i) sum += p[i];
      }
    }
    benchmark::DoNotOptimize(sum);
  }
  state.counters["GB/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()) *
                             static_cast<double>((part.end - part.begin) * 512) * 1e-9,
                         benchmark::Counter::kIsRate);
}

void register_all() {
  const std::pair<const char*, WeightFormat> formats[] = {
      {"affine2", WeightFormat::affine2}, {"affine3", WeightFormat::affine3},
      {"affine4", WeightFormat::affine4}, {"affine5", WeightFormat::affine5},
      {"affine6", WeightFormat::affine6}, {"affine8", WeightFormat::affine8},
      {"bf16", WeightFormat::bf16},       {"f32", WeightFormat::f32}};
  for (int threads : {1, 2}) {
    benchmark::RegisterBenchmark("read", run_read)->Threads(threads)->UseRealTime();
  }
  for (const std::string& target : kernel_targets()) {
    if (target == "ref") continue;
    const LinearFn linear = kernels_for(target).linear;
    for (const auto& [format_name, format] : formats) {
      const std::string name = "linear/" + target + "/" + format_name + "/M:";
      benchmark::RegisterBenchmark((name + "1/cached").c_str(), run_linear, format, linear, 1UL,
                                   kCachedBytes);
      for (const std::size_t n_tokens : {1UL, 64UL}) {
        const std::size_t bytes = n_tokens == 1 ? kWeightBytes : std::size_t{8} << 20;
        for (int threads : {1, 2}) {
          benchmark::RegisterBenchmark((name + std::to_string(n_tokens)).c_str(), run_linear,
                                       format, linear, n_tokens, bytes)
              ->Threads(threads)
              ->UseRealTime();
        }
      }
    }
  }
}

}  // namespace
}  // namespace fidelio

int main(int argc, char** argv) {
  fidelio::register_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
