// One validation as data: what a capsule holds and what verdicts, reports and gates read. Plain
// structs that map the JSON one to one; docs/capsule-format.md describes each section. No behaviour
// belongs here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fidelio {

inline constexpr int kCapsuleSchemaVersion = 3;

struct ProgramRecord {
  std::string version;     ///< of Fidelio
  std::string git_commit;  ///< empty when built outside a checkout
  bool git_dirty = false;
  std::string compiler;
  std::string compiler_flags;
  std::string build_type;
};

struct ModelRecord {
  std::string id;                       ///< as shown to people; never an absolute path
  std::optional<std::string> revision;  ///< the commit, of a model from the Hugging Face hub
  std::string model_type;
  std::string config;        ///< config.json, verbatim
  std::string quantization;  ///< "affine 4 bit, group 64", "bfloat16"; for people
  std::int64_t weights_bytes = 0;
  std::string weights_xxh3_128;
  std::string config_xxh3_128;
  std::optional<std::string> tokenizer_xxh3_128;
  std::int64_t vocab_size = 0;
};

struct PromptRecord {
  std::optional<std::string> text;  ///< absent when ids were given
  std::vector<std::int32_t> ids;
  std::string ids_xxh3_128;
};

/// What an approximation may cost on the free pass; the policy's figures, none of ours.
struct BudgetRecord {
  double mean_kld = 0;     ///< at most
  double kld_99_9 = 0;     ///< at most
  double rms_delta_p = 0;  ///< at most
  double same_top_p = 0;   ///< at least
};

struct OptionsRecord {
  std::int64_t runs = 0;  ///< pairs per prompt
  std::int64_t max_tokens = 0;
  std::int64_t threads = 0;
  std::int64_t prefill_chunk = 0;  ///< 0: the default
  bool ignore_eos = false;
  bool require_timing = false;
  std::vector<std::string> patches;    ///< asked for; empty with `--patches none`
  bool patches_by_name = false;        ///< true: each of them must be applied and called
  std::vector<std::int64_t> widths;    ///< of the teacher-forced comparisons
  std::int64_t sampled_steps = 0;      ///< per prompt, evaluated in float64; since version 3
  std::vector<std::int64_t> lengths;   ///< of the stress matrix, ascending; since version 3
  std::optional<BudgetRecord> budget;  ///< of approximate patches; since version 3
};

struct CacheRecord {
  std::string level;  ///< "L1d", "L2", ...
  std::int64_t bytes = 0;
};

struct HardwareRecord {
  std::string architecture;
  std::string cpu_model;
  std::string cpu_vendor;
  std::int64_t sockets = 0;
  std::int64_t cores = 0;
  std::int64_t logical_cpus = 0;
  std::vector<std::string> isa;  ///< the flags that matter to kernels
  std::string vector_target;     ///< the kernels that ran: "AVX3_DL", "ref", ...
  std::vector<CacheRecord> caches;
  std::int64_t memory_bytes = 0;
  std::int64_t numa_nodes = 0;
  std::string governor;    ///< empty where the system does not say
  std::string hypervisor;  ///< empty on bare metal
  std::vector<std::string> gpus;
};

struct SystemRecord {
  std::string os;      ///< "Debian GNU/Linux 12 (bookworm)"
  std::string kernel;  ///< release
};

struct RefusalRecord {
  std::string site;
  std::string reason;  ///< from the patch's fixed list
  std::string detail;
};

/// What one patch did over all plans of the patched arm.
struct PatchRecord {
  std::string name;
  std::string numerics;  ///< "bit_exact", "reassociated", "approximate"
  bool requested_by_name = false;
  std::int64_t sites_applied =
      0;                   ///< in the plan for one token, else in the plan that applies most
  std::int64_t calls = 0;  ///< of the fused kernel, by the patched arm, over the whole validation
  std::vector<RefusalRecord> refusals;     ///< each site and reason once
  std::vector<std::string> rounding = {};  ///< declared: "x: int8 per 32, ..."; since version 3
};

/// The plan of one step width.
struct PlanRecord {
  std::int64_t n_tokens = 0;
  std::vector<std::string> patches;  ///< that applied at least one site
  std::int64_t sites_applied = 0;
  std::int64_t scratch_bytes_baseline = 0;
  std::int64_t scratch_bytes_patched = 0;
  std::int64_t prefill_steps = 0;  ///< of the patched arm's runs
  std::int64_t decode_steps = 0;
};

struct SequenceRecord {
  std::vector<std::int32_t> ids;
  std::string stop;  ///< "eos" or "max_tokens"
  std::string logit_xxh3_128;
};

/// What each arm generated for one prompt when it ran freely (its warm-up run).
struct GenerationRecord {
  std::int64_t prompt = 0;
  SequenceRecord baseline;
  SequenceRecord patched;
};

/// A position at which the arms' best tokens differ.
struct ArgmaxChangeRecord {
  std::int64_t position = 0;  ///< among the compared ones: index of the generated token
  std::int32_t baseline_id = 0;
  std::int32_t patched_id = 0;
  std::string baseline_text;  ///< empty without a tokenizer
  std::string patched_text;
  double margin = 0;  ///< of the baseline's logits: its best minus its second best
};

/// llama.cpp's metrics (perplexity --kl-divergence), patched against baseline, the baseline's token
/// being the correct one; computed in double.
struct MetricsRecord {
  double mean_kld = 0;
  double kld_99_9 = 0;  ///< the 99.9% quantile
  double maximum_kld = 0;
  double mean_delta_p = 0;  ///< probability of the correct token, patched minus baseline
  double rms_delta_p = 0;
  double same_top_p = 1;  ///< share of positions with the same best token
  double ppl_ratio = 1;   ///< PPL(patched) / PPL(baseline)
};

/// Both arms fed the baseline's tokens in steps of `width`, in lockstep; every logit of every step
/// compared.
struct ComparisonRecord {
  std::int64_t prompt = 0;
  std::int64_t width = 0;
  /// "free": each arm chooses its experts; "routed": the patched arm computes with the baseline's.
  /// A routed comparison is made where the free one found a difference.
  std::string routing = "free";
  std::int64_t positions = 0;            ///< rows of logits compared
  std::int64_t differing_positions = 0;  ///< with at least one differing bit
  std::optional<std::int64_t> first_difference;
  double max_abs_err = 0;
  std::int64_t argmax_changes = 0;
  std::optional<std::int64_t> first_argmax_change;
  std::optional<ArgmaxChangeRecord> first_change;   ///< since version 3
  std::optional<ArgmaxChangeRecord> widest_change;  ///< the one with the largest margin
  std::int64_t route_flips = 0;                     ///< rows and layers; of routed comparisons
  MetricsRecord metrics;                            ///< since version 3
  std::string baseline_logit_xxh3_128;
  std::string patched_logit_xxh3_128;
};

/// The route flips of one layer in one routed comparison: rows where the patched arm would have
/// chosen other experts than the baseline.
struct RouteFlipRecord {
  std::int64_t prompt = 0;
  std::int64_t width = 0;
  std::int64_t layer = 0;
  std::int64_t count = 0;
  // The flip with the widest gap.
  std::int64_t position = 0;                   ///< among the compared ones
  std::vector<std::int32_t> baseline_experts;  ///< those the patched arm would have left out
  std::vector<std::int32_t> patched_experts;   ///< those it would have taken instead
  /// Router logits of the baseline: the largest of baseline_experts minus the smallest of
  /// patched_experts.
  double gap = 0;
};

/// How far router logits of one layer lie from the class reference, over the sampled steps.
struct RouterNoiseRecord {
  std::int64_t layer = 0;
  std::int64_t rows = 0;
  double rms_baseline = 0;  ///< baseline minus class reference
  double rms_naive = 0;     ///< one float32 accumulator, no FMA, minus class reference
};

/// How far the logits of one prompt lie from the class reference, over the sampled steps.
struct ReferenceRecord {
  std::int64_t prompt = 0;
  std::string reference;  ///< "truth", or "truth with declared rounding"
  std::int64_t steps = 0;
  double e_baseline = 0;  ///< sqrt(sum |arm - reference|^2 / sum |reference|^2)
  double e_naive = 0;
  double e_patched = 0;  ///< of the routed pass
  /// Root mean square change of the baseline's margin (its best minus its second best token).
  double sigma_baseline = 0;
  double sigma_naive = 0;
};

/// Where in a run a site was looked at.
struct SitePointRecord {
  std::int64_t prompt = 0;
  std::int64_t width = 0;     ///< tokens of the step, of prefill too
  std::int64_t position = 0;  ///< index of the row's token in prompt and generated ids
};

/// One node of the patched graph on the baseline's own inputs, row by row. All sites of patches are
/// listed, other nodes only where they differ.
struct SiteRecord {
  std::string site;  ///< the result, as in the graph's text
  std::string op;    ///< as the patched arm runs it
  std::int64_t layer = -1;
  std::string patch;                   ///< empty: no patch was here
  std::string numerics = "bit_exact";  ///< of the patch; bit_exact without one
  std::int64_t rows = 0;               ///< compared
  std::int64_t differing_rows = 0;     ///< with at least one differing bit
  std::optional<SitePointRecord> first_difference;
  std::int64_t wrong_expert_rows = 0;            ///< other experts, and no tie
  std::int64_t foreign_writes = 0;               ///< values of other nodes that it changed
  std::optional<SitePointRecord> first_failure;  ///< of a site that fails: its first row that does
  // Against the class reference, pooled over sampled rows; nothing for bit_exact sites.
  std::int64_t sampled_rows = 0;
  double e_baseline = 0;  ///< sqrt(sum |arm - reference|^2 / sum |reference|^2)
  double e_naive = 0;     ///< one float32 accumulator, left to right, no FMA
  double e_patched = 0;
  // The row where the patched arm is farthest from the baseline, alone; errors of the row's size or
  // the sampled rows' typical one, whichever is larger.
  std::optional<SitePointRecord> worst;
  double worst_e_baseline = 0;
  double worst_e_naive = 0;
  double worst_e_patched = 0;
};

/// A result that no kernel may give, found in a checked pass.
struct FaultRecord {
  std::string arm;   ///< "baseline" or "patched"
  std::string kind;  ///< "non_finite" or "expert_id"
  std::int64_t prompt = 0;
  std::int64_t width = 0;
  std::int64_t position = 0;  ///< of the step's first token
  std::string site;           ///< the node, as in the graph's text
  std::string op;
  std::int64_t layer = -1;
  std::int64_t count = 0;
};

struct RunRecord {
  std::int64_t order = 0;  ///< in the sequence of all runs
  std::int64_t pair = -1;  ///< -1: warm-up
  std::string arm;
  std::int64_t prompt = 0;
  bool teacher_forced = false;
  std::int64_t prefill_tokens = 0;
  std::int64_t first_token_ns = 0;  ///< from the start of prefill to the first id
  std::int64_t decode_tokens = 0;   ///< ids 2 ... n
  std::int64_t decode_ns = 0;
  std::string ids_xxh3_128;
  std::string logit_xxh3_128;
  std::int64_t peak_memory_bytes = 0;  ///< the high-water mark is reset before each run
  double load_average = 0;
  std::int64_t steal_ticks = 0;
  std::int64_t involuntary_switches = 0;
};

/// Read bandwidth probed in the same process, between pairs.
struct BandwidthRecord {
  std::int64_t after_order = 0;
  double bytes_per_second = 0;
};

/// How much a generated sequence can prove.
struct EvidenceRecord {
  std::int64_t prompt = 0;
  double distinct_4grams = 0;              ///< share, 0 to 1
  std::optional<std::int64_t> loop_start;  ///< index of the first id of an endless repetition
  double small_margin_share =
      0;  ///< of steps whose top-1 minus top-2 margin is below 0.1% of the largest |logit|
};

struct NoiseFloorRecord {
  double decode = 0;  ///< 95th percentile of |ln ratio| of this host's baseline against baseline
  double prefill = 0;
};

struct RuleRecord {
  std::string name;     ///< "BROKEN", "EXACT", "decode", ...
  std::string outcome;  ///< "holds", "does not hold", "not applicable"; timing: "neutral", ...
  std::string sentence;
};

struct VerdictRecord {
  std::string fidelity;  ///< BROKEN, NONDETERMINISTIC, VACUOUS, INCOMPLETE, EXACT, TOKEN_EXACT,
                         ///< TIE_FLIP or APPROXIMATE
  std::string decode;    ///< improvement, neutral, regression, inconclusive
  std::string prefill;
  std::string sentence;
  std::vector<RuleRecord> rules;
  std::int64_t exit_code = 0;
};

struct Record {
  std::int64_t schema_version = kCapsuleSchemaVersion;
  std::int64_t numerics_version = 0;
  std::string created;  ///< UTC, ISO 8601
  std::vector<std::string> command_line;
  bool complete = false;     ///< false: interrupted; finished pairs are all there
  std::string interruption;  ///< why, when not complete: "SIGINT", "cannot write ..."
  ProgramRecord program;
  ModelRecord model;
  OptionsRecord options;
  std::vector<PromptRecord> prompts;
  HardwareRecord hardware;
  SystemRecord system;
  std::vector<PatchRecord> patches;
  std::vector<PlanRecord> plans;
  std::vector<GenerationRecord> generations;
  std::vector<ComparisonRecord> comparisons;
  std::vector<RouteFlipRecord> route_flips;  ///< since version 3, as the next three
  std::vector<RouterNoiseRecord> router_noise;
  std::vector<ReferenceRecord> references;
  std::vector<SiteRecord> sites;
  std::vector<FaultRecord> faults;
  std::int64_t load_ns = 0;
  std::string load_mode = "mmap";  ///< or "read"; since version 2, version 1 only had "mmap"
  double decode_bytes_per_token =
      0;  ///< weights, scales and cache one decoded token reads, from the real routing
  std::vector<RunRecord> runs;
  std::vector<BandwidthRecord> bandwidth;
  std::vector<EvidenceRecord> evidence;
  std::optional<NoiseFloorRecord> noise_floor;
  VerdictRecord verdict;
};

}  // namespace fidelio
