// The sections of a report, each from a record alone. Their order is report_figures.cc's, their
// look the renderers'. A section without lines and table is left out. Internal to capsules/.
#pragma once

#include "capsules/report_figures.h"

namespace fidelio {

ReportSection speed_section(const Record& record, const PhaseTiming& decode,
                            const PhaseTiming& prefill);
ReportSection patches_section(const Record& record);
ReportSection plans_section(const Record& record);

/// Both arms on the same tokens: the comparisons that differ in llama.cpp's metrics, those that are
/// bitwise equal in a line, and how far each prompt's logits lie from the reference.
ReportSection fidelity_section(const Record& record);

/// Sites on the baseline's own inputs, those nearest to their limit first.
ReportSection sites_section(const Record& record);

/// Other choices of experts, those with the widest gap against their noise first.
ReportSection route_flips_section(const Record& record);

/// The share of prompts whose ids differ; with options.lengths of each length, prompt by prompt.
ReportSection divergence_section(const Record& record);

ReportSection evidence_section(const Record& record);
ReportSection environment_section(const Record& record);

/// Rows of a table that grows with the model; a line says how many more there are.
inline constexpr std::size_t kMaxReportRows = 12;

}  // namespace fidelio
