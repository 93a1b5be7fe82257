// Every field of a record once: its key and what it may hold, for the reader, the writer and tests
// alike. `io(key, field, rule)` is called in the order in which the fields are written.
// Internal to capsules/ and its tests.
#pragma once

#include "capsules/field_rules.h"
#include "capsules/json_fidelity_fields.h"
#include "capsules/record.h"

namespace fidelio {

template <class Io>
void fields(Io& io, ProgramRecord& r) {
  io("version", r.version);
  io("git_commit", r.git_commit);
  io("git_dirty", r.git_dirty);
  io("compiler", r.compiler);
  io("compiler_flags", r.compiler_flags);
  io("build_type", r.build_type);
}

template <class Io>
void fields(Io& io, ModelRecord& r) {
  io("id", r.id);
  io("revision", r.revision);
  io("model_type", r.model_type);
  io("config", r.config);
  io("quantization", r.quantization);
  io("weights_bytes", r.weights_bytes);
  io("weights_xxh3_128", r.weights_xxh3_128, kDigest);
  io("config_xxh3_128", r.config_xxh3_128, kDigest);
  io("tokenizer_xxh3_128", r.tokenizer_xxh3_128, kDigest);
  io("vocab_size", r.vocab_size);
}

template <class Io>
void fields(Io& io, BudgetRecord& r) {
  io("mean_kld", r.mean_kld);
  io("kld_99_9", r.kld_99_9);
  io("rms_delta_p", r.rms_delta_p);
  io("same_top_p", r.same_top_p, kShare);
}

template <class Io>
void fields(Io& io, OptionsRecord& r) {
  io("runs", r.runs);
  io("max_tokens", r.max_tokens);
  io("threads", r.threads);
  io("prefill_chunk", r.prefill_chunk);
  io("ignore_eos", r.ignore_eos);
  io("require_timing", r.require_timing);
  io("patches", r.patches);
  io("patches_by_name", r.patches_by_name);
  io("widths", r.widths);
  io("sampled_steps", r.sampled_steps, kSince3);
  io("lengths", r.lengths, kSince3);
  io("budget", r.budget, kSince3);
  io("looks", r.looks, kOneSince4);
  io("launches", r.launches, kOneSince4);
  io("confirm", r.confirm, kSince4);
}

template <class Io>
void fields(Io& io, PromptRecord& r) {
  io("text", r.text);
  io("ids", r.ids);
  io("ids_xxh3_128", r.ids_xxh3_128, kDigest);
}

template <class Io>
void fields(Io& io, CacheRecord& r) {
  io("level", r.level);
  io("bytes", r.bytes);
}

template <class Io>
void fields(Io& io, HardwareRecord& r) {
  io("architecture", r.architecture);
  io("cpu_model", r.cpu_model);
  io("cpu_vendor", r.cpu_vendor);
  io("sockets", r.sockets);
  io("cores", r.cores);
  io("logical_cpus", r.logical_cpus);
  io("isa", r.isa);
  io("vector_target", r.vector_target);
  io("caches", r.caches);
  io("memory_bytes", r.memory_bytes);
  io("numa_nodes", r.numa_nodes);
  io("governor", r.governor);
  io("hypervisor", r.hypervisor);
  io("gpus", r.gpus);
}

template <class Io>
void fields(Io& io, SystemRecord& r) {
  io("os", r.os);
  io("kernel", r.kernel);
}

template <class Io>
void fields(Io& io, RefusalRecord& r) {
  io("site", r.site);
  io("reason", r.reason);
  io("detail", r.detail);
}

template <class Io>
void fields(Io& io, PatchRecord& r) {
  io("name", r.name);
  io("numerics", r.numerics, kNumerics);
  io("requested_by_name", r.requested_by_name);
  io("sites_applied", r.sites_applied);
  io("calls", r.calls);
  io("refusals", r.refusals);
  io("rounding", r.rounding, kSince3);
}

template <class Io>
void fields(Io& io, PlanRecord& r) {
  io("n_tokens", r.n_tokens);
  io("patches", r.patches);
  io("sites_applied", r.sites_applied);
  io("scratch_bytes_baseline", r.scratch_bytes_baseline);
  io("scratch_bytes_patched", r.scratch_bytes_patched);
  io("prefill_steps", r.prefill_steps);
  io("decode_steps", r.decode_steps);
}

template <class Io>
void fields(Io& io, LaunchRecord& r) {
  io("purpose", r.purpose, kPurpose);
  io("created", r.created);
  io("load_ns", r.load_ns);
}

template <class Io>
void fields(Io& io, RunRecord& r) {
  io("order", r.order);
  io("pair", r.pair, kFromMinusOne);
  io("arm", r.arm, kArm);
  io("prompt", r.prompt);
  io("teacher_forced", r.teacher_forced);
  io("prefill_tokens", r.prefill_tokens);
  io("first_token_ns", r.first_token_ns);
  io("decode_tokens", r.decode_tokens);
  io("decode_ns", r.decode_ns);
  io("ids_xxh3_128", r.ids_xxh3_128, kDigestOrEmpty);
  io("logit_xxh3_128", r.logit_xxh3_128, kDigestOrEmpty);
  io("peak_memory_bytes", r.peak_memory_bytes);
  io("load_average", r.load_average);
  io("steal_ticks", r.steal_ticks);
  io("involuntary_switches", r.involuntary_switches);
  io("voluntary_switches", r.voluntary_switches, kSince4);
  io("cpu_mhz", r.cpu_mhz, kSince4);
  io("launch", r.launch, kSince4);
}

template <class Io>
void fields(Io& io, BandwidthRecord& r) {
  io("after_order", r.after_order, kFromMinusOne);  // -1: before the first run
  io("bytes_per_second", r.bytes_per_second);
}

template <class Io>
void fields(Io& io, EvidenceRecord& r) {
  io("prompt", r.prompt);
  io("distinct_4grams", r.distinct_4grams, kShare);
  io("loop_start", r.loop_start);
  io("small_margin_share", r.small_margin_share, kShare);
}

template <class Io>
void fields(Io& io, NoiseFloorRecord& r) {
  io("decode", r.decode);
  io("prefill", r.prefill);
  io("model", r.model, kSince4);
  io("series", r.series, kSince4);
  io("pairs", r.pairs, kSince4);
  io("measured", r.measured, kSince4);
}

template <class Io>
void fields(Io& io, RuleRecord& r) {
  io("name", r.name);
  io("outcome", r.outcome);
  io("sentence", r.sentence);
}

template <class Io>
void fields(Io& io, VerdictRecord& r) {
  io("fidelity", r.fidelity);
  io("decode", r.decode);
  io("prefill", r.prefill);
  io("sentence", r.sentence);
  io("rules", r.rules);
  io("exit_code", r.exit_code);
}

template <class Io>
void fields(Io& io, Record& r) {
  io("schema_version", r.schema_version);
  io("numerics_version", r.numerics_version);
  io("created", r.created);
  io("command_line", r.command_line);
  io("complete", r.complete);
  io("interruption", r.interruption);
  io("program", r.program);
  io("model", r.model);
  io("options", r.options);
  io("prompts", r.prompts);
  io("hardware", r.hardware);
  io("system", r.system);
  io("patches", r.patches);
  io("plans", r.plans);
  io("generations", r.generations);
  io("comparisons", r.comparisons);
  io("route_flips", r.route_flips, kSince3);
  io("router_noise", r.router_noise, kSince3);
  io("references", r.references, kSince3);
  io("sites", r.sites, kSince3);
  io("faults", r.faults);
  io("load_ns", r.load_ns);
  io("load_mode", r.load_mode, kLoadMode);
  io("decode_bytes_per_token", r.decode_bytes_per_token);
  io("launches", r.launches, kSince4);
  io("runs", r.runs);
  io("bandwidth", r.bandwidth);
  io("evidence", r.evidence);
  io("noise_floor", r.noise_floor);
  io("verdict", r.verdict);
}

}  // namespace fidelio
