// The parts of one capsule's page that only HTML has; the rest are the sections of the other
// reports. `id` is the capsule's prefix, unique on the page; a part without anything to show is
// empty. Internal to capsules/.
#pragma once

#include <string>

#include "capsules/html_blocks.h"

namespace fidelio {

/// The verdict, large, with what the exit code means and the rules behind it.
Markup verdict_block(const VerdictRecord& verdict, const PhaseTiming& decode,
                     const PhaseTiming& prefill);

/// Each pair's ratio against interval and margins, and the pairs as a table.
Markup pairs_part(const Record& record, const std::string& id);

/// tok/s of every run, and the share of the memory's bandwidth.
Markup throughput_part(const Record& record, const std::string& id);

/// Along the tokens: how sure the baseline is of each, where the arms differ, and whether rounding
/// explains it.
Markup tokens_part(const Record& record, const std::string& id);

/// Its first plots: the margins of the baseline's tokens, prompt by prompt.
Markup margin_figures(const Record& record, const std::string& id);

/// Errors of the sites against float64, layer by layer.
Markup layers_part(const Record& record, const std::string& id);

/// Sites that patches left as they were, and why.
Markup refusals_part(const Record& record);

/// Machine, system, program and options in full.
Markup environment_part(const Record& record);

}  // namespace fidelio
