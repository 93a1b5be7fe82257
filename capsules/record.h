// One validation as data: what a capsule holds and what verdicts, reports and gates read. Plain
// structs that map the JSON one to one; docs/capsule-format.md describes each section. No behaviour
// belongs here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capsules/fidelity_record.h"

namespace fidelio {

inline constexpr int kCapsuleSchemaVersion = 5;

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
  /// Of the timing, 1 or 2: with 2 the run may end after `runs` pairs or go on to twice as many,
  /// and each look has its own, smaller level. Since version 4, as the next two.
  std::int64_t looks = 1;
  std::int64_t launches = 1;  ///< processes that the pairs are spread over
  bool confirm = false;       ///< a regression is measured again in a fresh process
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

/// One process that timed pairs.
struct LaunchRecord {
  std::string purpose;  ///< "measure", or "confirm": a second opinion on a regression
  std::string created;  ///< UTC, ISO 8601
  std::int64_t load_ns = 0;
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
  std::int64_t voluntary_switches = 0;  ///< since version 4, as the next two
  double cpu_mhz = 0;                   ///< mean over the processors at the end; 0: not told
  std::int64_t launch = 0;              ///< index into Record::launches; 0 where that is empty
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

/// What this machine makes of no difference at all (`validate noise`).
struct NoiseFloorRecord {
  /// 95th percentile over the series of |ln| of the estimated ratio of baseline to baseline.
  double decode = 0;
  double prefill = 0;
  std::string model = {};  ///< that it was measured with; since version 4, as the next three
  std::int64_t series = 0;
  std::int64_t pairs = 0;     ///< of a series
  std::string measured = {};  ///< UTC, ISO 8601
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
  std::vector<LaunchRecord> launches;  ///< since version 4; empty: one process timed everything
  std::vector<RunRecord> runs;
  std::vector<BandwidthRecord> bandwidth;
  std::vector<EvidenceRecord> evidence;
  std::optional<NoiseFloorRecord> noise_floor;
  VerdictRecord verdict;
};

}  // namespace fidelio
