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

/// Bytes that as scales make a moderate number, so that no product is subnormal or infinite.
constexpr std::uint16_t kBf16Scale = 0x3C23;
constexpr std::uint16_t kF16Scale = 0x2400;
constexpr auto kE8m0Scale = std::byte{120};

void fill_data(WeightFormat format, std::vector<std::byte>& data) {
  std::mt19937_64 random(7);
  for (std::size_t i = 0; i + 8 <= data.size(); i += 8) {
    std::uint64_t bits = random();
    if (data_bytes(format, 32) == 64) bits = (bits & 0x83FF83FF83FF83FFULL) | 0x3C003C003C003C00ULL;
    if (format == WeightFormat::f32) bits = (bits & 0x807FFFFF807FFFFFULL) | 0x3C0000003C000000ULL;
    std::memcpy(&data[i], &bits, 8);
  }
  const std::size_t block = block_shape(format).bytes;
  for (std::size_t i = 0; block != 0 && i < data.size(); i += block) {
    if (format == WeightFormat::mxfp4_blocks) {
      data[i] = kE8m0Scale;
    } else {
      std::memcpy(&data[format == WeightFormat::q6_k ? i + block - 2 : i], &kF16Scale, 2);
      if (format == WeightFormat::q4_1) std::memcpy(&data[i + 2], &kF16Scale, 2);
    }
  }
}

Weights make_weights(WeightFormat format, std::size_t total_bytes) {
  Weights w;
  WeightView& v = w.view;
  v.format = format;
  v.cols = kCols;
  v.rows = total_bytes / data_bytes(format, kCols);
  w.data.resize(v.rows * data_bytes(format, kCols));
  fill_data(format, w.data);
  v.data = w.data.data();
  if (affine_bits(format) != 0) {
    v.group_size = 64;
    v.scale_type = ScaleType::bf16;
    w.scales.resize(v.rows * groups_of_row(v) * 2);
    for (std::size_t i = 0; i < w.scales.size(); i += 2) std::memcpy(&w.scales[i], &kBf16Scale, 2);
  } else if (format == WeightFormat::mxfp4) {
    v.group_size = 32;
    v.scale_type = ScaleType::e8m0;
    w.scales.resize(v.rows * groups_of_row(v), kE8m0Scale);
  }
  v.scales = v.biases = w.scales.data();
  set_adjacent_rows(v);
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
      {"mxfp4", WeightFormat::mxfp4},     {"q4_0", WeightFormat::q4_0},
      {"q4_1", WeightFormat::q4_1},       {"q8_0", WeightFormat::q8_0},
      {"q6_k", WeightFormat::q6_k},       {"mxfp4_blocks", WeightFormat::mxfp4_blocks},
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
