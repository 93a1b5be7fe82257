// From a capsule back to what a run was asked for, to continue or to repeat it. A capsule is
// untrusted: what it says is checked like flags.
#pragma once

#include <string>
#include <vector>

#include "capsules/record.h"
#include "patches/patch.h"
#include "validate/loaded_model.h"
#include "validate/run_options.h"

namespace fidelio {

/// The options of a record. MODEL is recorded_model_name(), the prompts are left out (their ids
/// stand in the record), as is what concerns output. Throws UserError as check_run_options() does,
/// and for a patch that is not in the catalogue.
RunOptions recorded_options(const Record& record);

/// The patches asked for, in the catalogue's order.
std::vector<const Patch*> recorded_patches(const Record& record);

/// What load_model() may find the model by: ORG/NAME@REVISION, or the id.
std::string recorded_model_name(const ModelRecord& model);

/// Throws UserError unless weights and config have the checksums of the record.
void require_recorded_model(const LoadedModel& model, const ModelRecord& recorded);

}  // namespace fidelio
