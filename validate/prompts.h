// The prompts of a validation: from options to checked token ids.
#pragma once

#include <vector>

#include "capsules/record.h"
#include "validate/loaded_model.h"
#include "validate/run_options.h"

namespace fidelio {

/// --prompt, --prompts (one a line, or the built-in set), --prompt-ids or the built-in text (for a
/// model without a tokenizer built-in ids in place of set and text), repeated and cut to
/// --prompt-tokens. Throws
/// UserError: no tokenizer for a text, an empty prompt, an id outside the vocabulary, a prompt and
/// --max-tokens beyond the model's context; of several prompts, which.
std::vector<PromptRecord> read_prompts(const LoadedModel& model, const RunOptions& options);

/// The prompts of a capsule: texts are turned into ids anew, repeated or cut to as many as were
/// recorded, so that another tokenizer shows; where there is no text or no tokenizer the ids are
/// taken. Throws UserError as read_prompts() does.
std::vector<PromptRecord> read_recorded_prompts(const LoadedModel& model, const RunOptions& options,
                                                const std::vector<PromptRecord>& recorded);

/// Longer than the fused kernels' guard under every tokenizer, so that prefill is no decode step in
/// disguise.
extern const char* const kBuiltInPrompt;

}  // namespace fidelio
