// What kernels are not told: at which position and in which layer they are called. Wrappers around
// rope and short_conv (positions) and linear (the weight's name) write it down; the tables of both
// arms carry them, so that the notes also hold where only one op runs the table under test.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/table.h"
#include "validate/loaded_model.h"

namespace fidelio::catalogue {

/// `table` with note-taking rope, short_conv and linear; they call those of `table`, which must be
/// the same in every call of this function.
KernelTable with_notes(KernelTable table);

/// Forgets the last model and learns the names of this one's parameters.
void watch_model(const LoadedModel& model);

/// Of the step's first token, as last noted; the layers' first ops see the previous step's where no
/// other arm has already taken the step.
std::int64_t noted_position();
/// Tokens of that step.
std::size_t noted_width();
/// The layer whose linear ran last; -1 for the output head.
int noted_layer();

/// The name of a parameter by the address of its bytes; "" for an unknown one. `layer_of` gives -1
/// for parameters outside the layers.
std::string parameter_at(const void* data);
int layer_of(const std::string& parameter);

}  // namespace fidelio::catalogue
