// One complete passing validation as data, for tests that need a capsule: two prompts, one
// bit-exact patch applied at one and two tokens and called, 15 pairs a prompt, every comparison and
// site equal; full_record() has every field set. Of other classes than bit_exact:
// rounded_record.h. Decode is about 8% faster in the patched arm, prefill the same; the jitter is
// fixed.
#pragma once

#include <fmt/format.h>
#include <xxhash.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "capsules/record.h"

namespace fidelio::testing {

inline constexpr std::int64_t kExamplePairs = 15;
inline constexpr std::int64_t kExampleMaxTokens = 32;

/// A well-formed digest that differs with `seed`.
inline std::string example_digest(unsigned seed) {
  std::string digest;
  for (unsigned i = 0; i < 32; ++i) digest += "0123456789abcdef"[(seed * 7 + i * (seed + 3)) % 16];
  return digest;
}

inline std::vector<std::int32_t> example_ids(std::int64_t prompt) {
  std::vector<std::int32_t> ids;
  for (std::int64_t i = 0; i < kExampleMaxTokens; ++i)
    ids.push_back(static_cast<std::int32_t>(20 + (i * i * 3 + i * 7 + prompt * 5) % 480));
  return ids;
}

/// What a capsule holds as the checksum of these bytes.
inline std::string example_checksum(const void* data, std::size_t bytes) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(data, bytes));
  return fmt::format("{:02x}", fmt::join(canonical.digest, ""));
}

inline std::string example_checksum(const std::vector<std::int32_t>& ids) {
  return example_checksum(ids.data(), ids.size() * sizeof(ids[0]));
}

/// Multiplies `ns` by 1 plus up to 0.4% that depends on `order` alone.
inline std::int64_t example_jitter(std::int64_t ns, std::int64_t order) {
  const std::int64_t per_mille_tenths = (order * 37 + order * order * 11) % 41;
  return ns + ns * per_mille_tenths / 10000;
}

inline RunRecord example_run(std::int64_t order, std::int64_t pair, const std::string& arm,
                             std::int64_t prompt) {
  const bool patched = arm == "patched";
  RunRecord run;
  run.order = order;
  run.pair = pair;
  run.arm = arm;
  run.prompt = prompt;
  run.prefill_tokens = prompt == 0 ? 5 : 3;
  run.first_token_ns = example_jitter(2'500'000 * run.prefill_tokens, order + 7);
  run.decode_tokens = kExampleMaxTokens - 1;
  run.decode_ns = example_jitter((patched ? 1'111'000 : 1'200'000) * run.decode_tokens, order);
  run.ids_xxh3_128 = example_checksum(example_ids(prompt));
  run.logit_xxh3_128 = example_digest(20 + static_cast<unsigned>(prompt));
  run.peak_memory_bytes = 96'000'000 + (patched ? 0 : 262'144);
  run.load_average = 1.25;
  run.steal_ticks = 0;
  run.involuntary_switches = order % 4;
  return run;
}

/// Per prompt one warm-up of each arm, then the pairs in the order AB, BA, AB, ...; bandwidth after
/// each pair.
inline void add_example_runs(Record& record) {
  std::int64_t order = 0;
  for (std::int64_t prompt = 0; prompt < 2; ++prompt) {
    record.runs.push_back(example_run(order++, -1, "baseline", prompt));
    record.runs.push_back(example_run(order++, -1, "patched", prompt));
    for (std::int64_t pair = 0; pair < kExamplePairs; ++pair) {
      const bool baseline_first = pair % 2 == 0;
      record.runs.push_back(
          example_run(order++, pair, baseline_first ? "baseline" : "patched", prompt));
      record.runs.push_back(
          example_run(order++, pair, baseline_first ? "patched" : "baseline", prompt));
      record.bandwidth.push_back({order - 1, 2.1e10 + 1e7 * static_cast<double>(pair % 5)});
    }
  }
}

inline void add_example_facts(Record& record) {
  record.numerics_version = 1;
  record.created = "2025-01-31T12:00:00Z";
  record.command_line = {"validate", "tiny-moe", "--max-tokens", "32"};
  record.program = {"0.1.0",      "183f3800c0ffee00c0ffee00c0ffee00c0ffee00", false,
                    "GNU 12.2.0", "-O3 -DNDEBUG -ffp-contract=off",           "Release"};
  record.model.id = "tiny-moe";
  record.model.revision = "main";
  record.model.model_type = "qwen3_moe";
  record.model.config = "{\n  \"model_type\": \"qwen3_moe\",\n  \"rms_norm_eps\": 1e-06\n}\n";
  record.model.quantization = "affine 4 bit, group 64";
  record.model.weights_bytes = 24'000'000;
  record.model.weights_xxh3_128 = example_digest(1);
  record.model.config_xxh3_128 =
      example_checksum(record.model.config.data(), record.model.config.size());
  record.model.tokenizer_xxh3_128 = example_digest(3);
  record.model.vocab_size = 512;
  record.options.runs = kExamplePairs;
  record.options.max_tokens = kExampleMaxTokens;
  record.options.threads = 2;
  record.options.patches = {"gate_up_swiglu"};
  record.options.patches_by_name = true;
  record.options.widths = {1, 2, 5};
  const std::vector<std::int32_t> first = {1, 20, 300, 4, 511};
  const std::vector<std::int32_t> second = {1, 77, 8};
  record.prompts = {{"Once upon a time,", first, example_checksum(first)},
                    {std::nullopt, second, example_checksum(second)}};
  record.hardware.architecture = "x86_64";
  record.hardware.cpu_model = "Example CPU @ 2.50GHz";
  record.hardware.cpu_vendor = "GenuineIntel";
  record.hardware.sockets = 1;
  record.hardware.cores = 2;
  record.hardware.logical_cpus = 4;
  record.hardware.isa = {"avx", "avx2", "avx512f", "f16c", "fma"};
  record.hardware.vector_target = "AVX3";
  record.hardware.caches = {{"L1d", 32768}, {"L1i", 32768}, {"L2", 1 << 20}, {"L3", 32 << 20}};
  record.hardware.memory_bytes = std::int64_t{16} << 30;
  record.hardware.numa_nodes = 1;
  record.hardware.governor = "performance";
  record.hardware.hypervisor = "KVM";
  record.hardware.gpus = {"Example GPU, 132 cores"};
  record.system = {"Debian GNU/Linux 12 (bookworm)", "6.1.0-18-amd64"};
  record.load_ns = 41'000'000;
  record.load_mode = "read";
  record.decode_bytes_per_token = 7.5e6;
}

inline void add_example_fidelity(Record& record) {
  record.patches = {{"gate_up_swiglu", "bit_exact", true, 4, 1984, {}, {}}};
  for (const std::int64_t n_tokens : record.options.widths) {
    PlanRecord plan{n_tokens, {"gate_up_swiglu"}, 4, 65536 * n_tokens, 49152 * n_tokens, 0, 0};
    if (n_tokens == 5) plan = {5, {}, 0, 65536 * 5, 65536 * 5, 0, 0};
    if (n_tokens == 1) plan.decode_steps = 2 * (kExamplePairs + 1) * (kExampleMaxTokens - 1);
    if (n_tokens == 5) plan.prefill_steps = kExamplePairs + 1;
    record.plans.push_back(plan);
  }
  PlanRecord wider{3, {}, 0, 196608, 196608, kExamplePairs + 1, 0};
  record.patches[0].refusals = {
      {"layers.0.mlp", "too_many_tokens", "3 tokens a step are not worth a fused kernel"}};
  record.plans.insert(record.plans.begin() + 2, wider);
  for (std::int64_t prompt = 0; prompt < 2; ++prompt) {
    const std::string logits = example_digest(20 + static_cast<unsigned>(prompt));
    const SequenceRecord sequence{example_ids(prompt), "max_tokens", logits};
    record.generations.push_back({prompt, sequence, sequence});
    for (const std::int64_t width : record.options.widths) {
      ComparisonRecord comparison;
      comparison.prompt = prompt;
      comparison.width = width;
      comparison.positions = kExampleMaxTokens;
      comparison.baseline_logit_xxh3_128 = logits;
      comparison.patched_logit_xxh3_128 = logits;
      record.comparisons.push_back(comparison);
    }
    record.evidence.push_back({prompt, 0.96, std::nullopt, 0.015});
  }
  for (std::int64_t layer = 0; layer < 4; ++layer) {
    SiteRecord site;
    site.site = fmt::format("l{}.swiglu", layer);
    site.op = "gate_up_swiglu";
    site.layer = layer;
    site.patch = "gate_up_swiglu";
    site.rows = 4 * kExampleMaxTokens;
    record.sites.push_back(site);
  }
}

inline void add_example_verdict(Record& record) {
  record.noise_floor = NoiseFloorRecord{0.004, 0.006, "small-moe", 20, 15, "2026-01-02T03:04:05Z"};
  record.verdict.fidelity = "EXACT";
  record.verdict.decode = "improvement";
  record.verdict.prefill = "neutral";
  record.verdict.sentence = "EXACT: all ids and logits are bitwise equal.";
  record.verdict.rules = {{"BROKEN", "does not hold", "No fault, no differing bit."},
                          {"EXACT", "holds", "All ids and logits are bitwise equal."},
                          {"decode", "improvement", "The patched arm decodes faster."}};
  record.verdict.exit_code = 0;
}

/// The record; each call gives the same one.
inline Record example_record() {
  Record record;
  record.complete = true;
  add_example_facts(record);
  add_example_runs(record);
  add_example_fidelity(record);
  add_example_verdict(record);
  return record;
}

/// What version 3 brought, with values in every field.
inline void add_full_fidelity(Record& record) {
  record.options.sampled_steps = 64;
  record.options.lengths = {16, 256};
  record.options.budget = BudgetRecord{0.01, 0.3, 0.02, 0.98};
  record.patches[0].rounding = {"x: int8 per 32, scale amax/127, round to even"};
  const ArgmaxChangeRecord change{6, 17, 23, " town", " city", 0.0021};
  record.comparisons[0].margins.assign(kExampleMaxTokens, 0.5F);
  ComparisonRecord& free = record.comparisons[1];
  free.first_change = free.widest_change = change;
  free.metrics = {0.001, 0.02, 0.5, -0.0003, 0.004, 0.96875, 1.002};
  ComparisonRecord routed = free;
  routed.routing = "routed";
  routed.route_flips = 2;
  record.comparisons.push_back(routed);
  record.route_flips.push_back({0, 2, 7, 2, 5, {3}, {12}, 1e-6});
  record.router_noise.push_back({7, 64, 8e-7, 2e-6});
  record.references.push_back({0, "truth", 64, 2e-6, 7e-6, 1e-6, 0.005, 0.015});
  record.patches[0].numerics = "reassociated";
  for (SiteRecord& each : record.sites) each.numerics = "reassociated";
  SiteRecord& site = record.sites[1];
  site.differing_rows = 12;
  site.first_difference = SitePointRecord{0, 1, 17};
  site.sampled_rows = 64;
  site.e_baseline = 1e-7;
  site.e_naive = 4e-7;
  site.e_patched = 6e-8;
  site.worst = SitePointRecord{1, 2, 3};
  site.worst_e_baseline = 2e-7;
  site.worst_e_naive = 9e-7;
  site.worst_e_patched = std::numeric_limits<double>::infinity();
}

/// The example with every optional set, every list filled, and a number that is no number.
inline Record full_record() {
  Record record = example_record();
  record.complete = false;
  record.interruption = "SIGINT";
  record.program.git_dirty = true;
  record.options.prefill_chunk = 64;
  record.faults.push_back({"patched", "non_finite", 1, 2, 7, "%12", "silu", 3, 9});
  ComparisonRecord& comparison = record.comparisons[1];
  comparison.differing_positions = 3;
  comparison.first_difference = 5;
  comparison.max_abs_err = std::numeric_limits<double>::infinity();
  comparison.argmax_changes = 1;
  comparison.first_argmax_change = 6;
  record.evidence[0].loop_start = 11;
  record.runs[3].ids_xxh3_128 = "";
  record.options.launches = 2;
  record.launches = {{"measure", "2026-01-02T03:04:05Z", 5000000},
                     {"confirm", "2026-01-02T03:14:05Z", 4000000}};
  for (std::size_t i = record.runs.size() / 2; i < record.runs.size(); ++i)
    record.runs[i].launch = 1;
  add_full_fidelity(record);
  return record;
}

}  // namespace fidelio::testing
