// Complete passing validations of patches that round otherwise, for tests of what they are judged
// by: the example under another class, with differing logits, sampled sites and references. Every
// figure is well within its limit; tests move one of them.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "tests/capsules/example_record.h"

namespace fidelio::testing {

/// All other logits of the patched arm, in its free runs too.
inline void make_logits_differ(Record& record) {
  for (GenerationRecord& g : record.generations)
    g.patched.logit_xxh3_128 = example_digest(40 + static_cast<unsigned>(g.prompt));
  for (RunRecord& run : record.runs)
    if (run.arm == "patched")
      run.logit_xxh3_128 = example_digest(40 + static_cast<unsigned>(run.prompt));
  for (ComparisonRecord& c : record.comparisons) {
    c.differing_positions = 20;
    c.first_difference = 3;
    c.max_abs_err = 1e-5;
    c.metrics = {1e-9, 4e-8, 6e-8, -1e-6, 2e-5, 1, 1.00001};
    c.patched_logit_xxh3_128 = example_digest(40 + static_cast<unsigned>(c.prompt));
  }
  const std::vector<ComparisonRecord> free = record.comparisons;
  for (ComparisonRecord c : free) {
    c.routing = "routed";
    record.comparisons.push_back(c);
  }
}

/// TOKEN_EXACT: three of four sites are nearer to the truth than the baseline.
inline Record rounded_record() {
  Record record = example_record();
  record.patches[0].numerics = "reassociated";
  record.options.sampled_steps = 64;
  make_logits_differ(record);
  for (SiteRecord& site : record.sites) {
    site.numerics = "reassociated";
    site.differing_rows = 90;
    site.first_difference = SitePointRecord{0, 1, 0};
    site.sampled_rows = 64;
    site.e_baseline = 1e-7;
    site.e_naive = 4e-7;
    site.e_patched = site.layer == 0 ? 1.5e-7 : 6e-8;
    site.worst = SitePointRecord{0, 1, 17};
    site.worst_e_baseline = 3e-7;
    site.worst_e_naive = 9e-7;
    site.worst_e_patched = 5e-7;
    record.router_noise.push_back({site.layer, 64, 1e-6, 4e-6});
  }
  for (std::int64_t prompt = 0; prompt < 2; ++prompt)
    record.references.push_back({prompt, "truth", 64, 2e-6, 7e-6, 1e-6, 0.001, 0.005});
  return record;
}

/// The comparison of a prompt; the tests' records have each of them.
inline ComparisonRecord& comparison_of(Record& record, std::int64_t prompt, std::int64_t width,
                                       const std::string& routing) {
  for (ComparisonRecord& c : record.comparisons)
    if (c.prompt == prompt && c.width == width && c.routing == routing) return c;
  throw std::logic_error("the test names no comparison");
}

/// Another best token at `position`, by a margin of 0.4 sigma.
inline void add_change(ComparisonRecord& comparison, std::int64_t position) {
  comparison.argmax_changes = 1;
  comparison.first_argmax_change = position;
  comparison.first_change = comparison.widest_change =
      ArgmaxChangeRecord{position, 167, 168, " town", " city", 0.002};
  comparison.metrics.same_top_p = 31.0 / 32;
}

/// TIE_FLIP: from token 6 on prompt 0 goes another way, by a margin of 0.4 sigma and after a route
/// flip in layer 2 whose gap is a quarter of the noise.
inline Record tie_record() {
  Record record = rounded_record();
  SequenceRecord& patched = record.generations[0].patched;
  for (std::size_t i = 6; i < patched.ids.size(); ++i) patched.ids[i] += 1;
  for (RunRecord& run : record.runs) {
    if (run.prompt != 0) continue;
    run.teacher_forced = run.pair >= 0;
    if (run.pair < 0 && run.arm == "patched") run.ids_xxh3_128 = example_checksum(patched.ids);
  }
  add_change(comparison_of(record, 0, 1, "free"), 6);
  add_change(comparison_of(record, 0, 1, "routed"), 6);
  comparison_of(record, 0, 1, "routed").route_flips = 1;
  record.route_flips.push_back({0, 1, 2, 1, 5, {3}, {12}, 1e-6});
  return record;
}

/// APPROXIMATE, within a budget that its worst comparison meets exactly.
inline Record approximate_record() {
  Record record = tie_record();
  record.patches[0].numerics = "approximate";
  record.patches[0].rounding = {"x: int8 per 32, scale amax/127, round to even"};
  for (SiteRecord& site : record.sites) site.numerics = "approximate";
  for (ReferenceRecord& r : record.references) r.reference = "truth with declared rounding";
  comparison_of(record, 0, 1, "free").metrics = {0.0113, 0.307, 1.2, -0.003, 0.0208, 0.9815, 1.01};
  record.options.budget = BudgetRecord{0.0113, 0.307, 0.0208, 0.9815};
  return record;
}

}  // namespace fidelio::testing
