// Whether a record holds all the evidence that it claims: a comparison that is not there proves
// nothing, however equal the rest. What patches of other classes than bit_exact owe beyond it is
// capsules/class_evidence.h.
#pragma once

#include <string>

#include "capsules/record.h"

namespace fidelio {

/// The first thing missing, in words; empty where nothing is. Looked for: of each prompt the tokens
/// of both arms up to EOS or max_tokens; a comparison at each width asked for and at one token a
/// step, there over all generated tokens; logit hashes; the pairs asked for, no more and no fewer
/// (with two looks also twice as many), with both arms in one process and the same work; pairs of
/// as many launches as asked for; where something was measured again, as many pairs.
std::string missing_evidence(const Record& record);

/// "64 tokens compared"; "430 tokens compared, prompt 0 stopped at EOS after 430 of 1000 tokens".
/// Compared are those that a comparison at one token a step covers.
std::string tokens_compared_text(const Record& record);

}  // namespace fidelio
