// The part of json_fields.h that is about fidelity: what was generated and compared, route flips,
// references, sites and faults.
// Internal to capsules/ and its tests, which include json_fields.h.
#pragma once

#include "capsules/field_rules.h"
#include "capsules/record.h"

namespace fidelio {

template <class Io>
void fields(Io& io, SequenceRecord& r) {
  io("ids", r.ids);
  io("stop", r.stop, kStop);
  io("logit_xxh3_128", r.logit_xxh3_128, kDigestOrEmpty);
}

template <class Io>
void fields(Io& io, GenerationRecord& r) {
  io("prompt", r.prompt);
  io("baseline", r.baseline);
  io("patched", r.patched);
}

template <class Io>
void fields(Io& io, ArgmaxChangeRecord& r) {
  io("position", r.position);
  io("baseline_id", r.baseline_id);
  io("patched_id", r.patched_id);
  io("baseline_text", r.baseline_text);
  io("patched_text", r.patched_text);
  io("margin", r.margin);
}

template <class Io>
void fields(Io& io, MetricsRecord& r) {
  io("mean_kld", r.mean_kld, kDivergence);
  io("kld_99_9", r.kld_99_9, kDivergence);
  io("maximum_kld", r.maximum_kld, kDivergence);
  io("mean_delta_p", r.mean_delta_p, kSignedShare);
  io("rms_delta_p", r.rms_delta_p);
  io("same_top_p", r.same_top_p, kShare);
  io("ppl_ratio", r.ppl_ratio);
}

template <class Io>
void fields(Io& io, ComparisonRecord& r) {
  io("prompt", r.prompt);
  io("width", r.width);
  io("routing", r.routing, kRouting);
  io("positions", r.positions);
  io("differing_positions", r.differing_positions);
  io("first_difference", r.first_difference);
  io("max_abs_err", r.max_abs_err);
  io("argmax_changes", r.argmax_changes);
  io("first_argmax_change", r.first_argmax_change);
  io("first_change", r.first_change, kSince3);
  io("widest_change", r.widest_change, kSince3);
  io("margins", r.margins, kSince5);
  io("route_flips", r.route_flips, kSince3);
  io("metrics", r.metrics, kSince3);
  io("baseline_logit_xxh3_128", r.baseline_logit_xxh3_128, kDigestOrEmpty);
  io("patched_logit_xxh3_128", r.patched_logit_xxh3_128, kDigestOrEmpty);
}

template <class Io>
void fields(Io& io, RouteFlipRecord& r) {
  io("prompt", r.prompt);
  io("width", r.width, kPositive);
  io("layer", r.layer, kFromMinusOne);
  io("count", r.count);
  io("position", r.position, kAnyInteger);
  io("baseline_experts", r.baseline_experts);
  io("patched_experts", r.patched_experts);
  io("gap", r.gap);
}

template <class Io>
void fields(Io& io, RouterNoiseRecord& r) {
  io("layer", r.layer, kFromMinusOne);
  io("rows", r.rows);
  io("rms_baseline", r.rms_baseline);
  io("rms_naive", r.rms_naive);
}

template <class Io>
void fields(Io& io, ReferenceRecord& r) {
  io("prompt", r.prompt);
  io("reference", r.reference);
  io("steps", r.steps);
  io("e_baseline", r.e_baseline);
  io("e_naive", r.e_naive);
  io("e_patched", r.e_patched);
  io("sigma_baseline", r.sigma_baseline);
  io("sigma_naive", r.sigma_naive);
}

template <class Io>
void fields(Io& io, SitePointRecord& r) {
  io("prompt", r.prompt);
  io("width", r.width, kPositive);
  io("position", r.position);
}

template <class Io>
void fields(Io& io, SiteRecord& r) {
  io("site", r.site);
  io("op", r.op);
  io("layer", r.layer, kFromMinusOne);
  io("patch", r.patch);
  io("numerics", r.numerics, kNumerics);
  io("rows", r.rows);
  io("differing_rows", r.differing_rows);
  io("first_difference", r.first_difference);
  io("wrong_expert_rows", r.wrong_expert_rows);
  io("foreign_writes", r.foreign_writes);
  io("first_failure", r.first_failure);
  io("sampled_rows", r.sampled_rows);
  io("e_baseline", r.e_baseline);
  io("e_naive", r.e_naive);
  io("e_patched", r.e_patched);
  io("worst", r.worst);
  io("worst_e_baseline", r.worst_e_baseline);
  io("worst_e_naive", r.worst_e_naive);
  io("worst_e_patched", r.worst_e_patched);
}

template <class Io>
void fields(Io& io, FaultRecord& r) {
  io("arm", r.arm, kArm);
  io("kind", r.kind, kFaultKind);
  io("prompt", r.prompt);
  io("width", r.width);
  io("position", r.position);
  io("site", r.site);
  io("op", r.op);
  io("layer", r.layer, kFromMinusOne);
  io("count", r.count);
}

}  // namespace fidelio
