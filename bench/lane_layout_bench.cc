// The spike behind numerics version 1: the choices that were open before the contract was frozen,
// each measured as a matrix-vector product over 4-bit group-64 weights larger than any cache. Not
// linked into anything; kept so that docs/numerics.md can be checked on another machine.
//   C1 dequantise, then FMA, element k in lane k mod 16 (the contract), with rows in flight: their
//   number and distance C2 sum codes times x within a group, then scale: fma(scale, group sum, acc)
//   and fma(bias, sum of x, acc) C3 two 16-lane accumulators a row (32 lanes)
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "kernels/share.h"
#include "kernels/weights.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/lane_layout_bench.cc"
#include "hwy/foreach_target.h"  // must come before highway.h
#include "hwy/highway.h"
#include "kernels/simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fidelio {
namespace HWY_NAMESPACE {
#if FIDELIO_TARGET_IS_EXACT

constexpr std::size_t kBlocks = 4;  // 16-weight blocks of a group

template <std::size_t R>
void c1(const Row (&rows)[R], const WeightView& w, float (&out)[R]) {
  V16 acc[R];
  HWY_UNROLL(8) for (std::size_t r = 0; r < R; ++r) acc[r] = zero16();
  dot_group_rows<DecodeAffine<4>, kBlocks, R>(rows, w, acc);
  HWY_UNROLL(8) for (std::size_t r = 0; r < R; ++r) out[r] = reduce16(acc[r]);
}

template <std::size_t R>
void c2(const Row (&rows)[R], const WeightView& w, float (&out)[R]) {
  alignas(64) static const std::vector<float> sums(
      w.cols / 64, 32.0F);  // of x, once per product in a real kernel
  const std::size_t n_groups = w.cols / 64;
  alignas(64) float scale[R][kScaleBlock];
  alignas(64) float bias[R][kScaleBlock];
  V16 acc[R];
  float shift[R] = {};
  HWY_UNROLL(8) for (std::size_t r = 0; r < R; ++r) acc[r] = zero16();
  const auto codes = DecodeAffine<4>::group(1.0F, 0.0F);
  for (std::size_t first = 0; first < n_groups; first += kScaleBlock) {
    for (std::size_t r = 0; r < R; ++r) {
      widen_scales(rows[r].scales + 2 * first, w.scale_type, kScaleBlock, scale[r]);
      widen_scales(rows[r].biases + 2 * first, w.scale_type, kScaleBlock, bias[r]);
    }
    for (std::size_t g = 0; g < kScaleBlock; ++g) {
      HWY_UNROLL(8)
      for (std::size_t r = 0; r < R; ++r) {
        const std::byte* p = rows[r].data + (first + g) * 32;
        const float* x = rows[r].x + (first + g) * 64;
        prefetch(p);
        V16 sum = zero16();
        HWY_UNROLL(4)
        for (std::size_t b = 0; b < kBlocks; ++b) {
          sum = fma16(DecodeAffine<4>::block(p + 8 * b, codes), load16(x + 16 * b), sum);
        }
        acc[r] = fma16(set16(scale[r][g]), sum, acc[r]);
        shift[r] += bias[r][g] * sums[first + g];
      }
    }
  }
  for (std::size_t r = 0; r < R; ++r) out[r] = reduce16(acc[r]) + shift[r];
}

template <std::size_t R>
void c3(const Row (&rows)[R], const WeightView& w, float (&out)[R]) {
  const std::size_t n_groups = w.cols / 64;
  alignas(64) float scale[R][kScaleBlock];
  alignas(64) float bias[R][kScaleBlock];
  V16 acc[R][2];
  HWY_UNROLL(8) for (std::size_t r = 0; r < R; ++r) acc[r][0] = acc[r][1] = zero16();
  for (std::size_t first = 0; first < n_groups; first += kScaleBlock) {
    for (std::size_t r = 0; r < R; ++r) {
      widen_scales(rows[r].scales + 2 * first, w.scale_type, kScaleBlock, scale[r]);
      widen_scales(rows[r].biases + 2 * first, w.scale_type, kScaleBlock, bias[r]);
    }
    for (std::size_t g = 0; g < kScaleBlock; ++g) {
      HWY_UNROLL(8)
      for (std::size_t r = 0; r < R; ++r) {
        const std::byte* p = rows[r].data + (first + g) * 32;
        const float* x = rows[r].x + (first + g) * 64;
        prefetch(p);
        const auto table = DecodeAffine<4>::group(scale[r][g], bias[r][g]);
        HWY_UNROLL(4)
        for (std::size_t b = 0; b < kBlocks; ++b) {
          acc[r][b % 2] =
              fma16(DecodeAffine<4>::block(p + 8 * b, table), load16(x + 16 * b), acc[r][b % 2]);
        }
      }
    }
  }
  for (std::size_t r = 0; r < R; ++r) out[r] = reduce16(acc[r][0]) + reduce16(acc[r][1]);
}

template <std::size_t R>
using DotFn = void (*)(const Row (&)[R], const WeightView&, float (&)[R]);

/// R rows in flight, `distant` or neighbours.
template <std::size_t R, DotFn<R> kDot, bool kDistant>
void product(const WeightView& w, const float* x, float* y, Share share) {
  const Range range = share.of(w.rows);
  const std::size_t n = (range.end - range.begin) / R;
  for (std::size_t i = 0; i < n; ++i) {
    Row rows[R];
    float out[R];
    const auto at = [&](std::size_t r) { return range.begin + (kDistant ? r * n + i : i * R + r); };
    for (std::size_t r = 0; r < R; ++r) rows[r] = row_of(w, at(r), x);
    kDot(rows, w, out);
    for (std::size_t r = 0; r < R; ++r) y[at(r)] = out[r];
  }
}

struct Layout {
  const char* name;
  void (*product)(const WeightView&, const float*, float*, Share);
};

const Layout* layouts() {
  static const Layout all[] = {{"C1/1 row", product<1, c1<1>, true>},
                               {"C1/2 distant rows", product<2, c1<2>, true>},
                               {"C1/4 distant rows", product<4, c1<4>, true>},
                               {"C1/8 distant rows", product<8, c1<8>, true>},
                               {"C1/4 neighbours", product<4, c1<4>, false>},
                               {"C2/4 distant rows", product<4, c2<4>, true>},
                               {"C3/4 distant rows", product<4, c3<4>, true>},
                               {nullptr, nullptr}};
  return all;
}
#else
struct Layout;
const Layout* layouts() { return nullptr; }
#endif
const void* layouts_of_target() { return layouts(); }
}  // namespace HWY_NAMESPACE
}  // namespace fidelio
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fidelio {
namespace {
HWY_EXPORT(layouts_of_target);

struct Layout {
  const char* name;
  void (*product)(const WeightView&, const float*, float*, Share);
};

constexpr std::size_t kCols = 2048;
constexpr std::size_t kRows = 480 * 1024;  // 0.5 GB of codes

void measure(benchmark::State& state, const Layout* layout) {
  static const std::vector<std::byte> codes = [] {
    std::vector<std::byte> bytes(kRows * kCols / 2);
    std::mt19937_64 random(7);
    for (std::size_t i = 0; i < bytes.size(); i += 8) {
      const std::uint64_t bits = random();
      std::memcpy(&bytes[i], &bits, 8);
    }
    return bytes;
  }();
  static const std::vector<std::uint16_t> scales(kRows * kCols / 64, 0x3C23);
  static const std::vector<float> x(kCols, 0.5F);
  static std::vector<float> y(kRows);
  const auto* scale_bytes = reinterpret_cast<const std::byte*>(scales.data());
  WeightView w{.format = WeightFormat::affine4,
               .scale_type = ScaleType::bf16,
               .group_size = 64,
               .rows = kRows,
               .cols = kCols,
               .data = codes.data(),
               .scales = scale_bytes,
               .biases = scale_bytes};
  set_adjacent_rows(w);
  const Share share{static_cast<std::size_t>(state.thread_index()),
                    static_cast<std::size_t>(state.threads())};
  for (auto _ : state) layout->product(w, x.data(), y.data(), share);
  const Range range = share.of(kRows);
  const double bytes = static_cast<double>((range.end - range.begin) * bytes_per_row(w));
  state.counters["GB/s"] = benchmark::Counter(
      static_cast<double>(state.iterations()) * bytes * 1e-9, benchmark::Counter::kIsRate);
}

void register_all() {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    const auto* layout = static_cast<const Layout*>(HWY_DYNAMIC_DISPATCH(layouts_of_target)());
    hwy::SetSupportedTargetsForTest(0);
    for (; layout != nullptr && layout->name != nullptr; ++layout) {
      for (const int threads : {1, 2}) {
        const std::string name = std::string(hwy::TargetName(target)) + "/" + layout->name;
        benchmark::RegisterBenchmark(name.c_str(), measure, layout)
            ->Threads(threads)
            ->UseRealTime();
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
#endif
