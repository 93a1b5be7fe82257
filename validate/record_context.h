// The part of a record that is known before anything runs: program, model, options, machine.
#pragma once

#include "capsules/record.h"
#include "patches/patch.h"
#include "validate/loaded_model.h"
#include "validate/run_options.h"

namespace fidelio {

/// `patches` are those of options.patches; `vector_target` the kernels' that will run.
Record make_record(const LoadedModel& model, const RunOptions& options,
                   const std::vector<const Patch*>& patches, const std::string& vector_target,
                   std::vector<PromptRecord> prompts);

/// What a capsule says of a model.
ModelRecord make_model_record(const LoadedModel& model);

/// True when `list` names a patch itself, not only profiles: each named patch must then apply and
/// be called.
bool asks_by_name(const std::string& list);

/// Threads to use: the option, or one for each processor the process may run on.
std::int64_t thread_count(const RunOptions& options);

/// The command line that would repeat the run, without absolute paths.
std::vector<std::string> command_line_of(const RunOptions& options, const std::string& model_id);

}  // namespace fidelio
