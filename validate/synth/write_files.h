// Writes planned files: several threads make random bytes and write them, in pieces of some MB, so
// that a model far larger than memory can be written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "validate/progress.h"
#include "validate/synth/planned_files.h"

namespace fidelio::synth {

/// Throws UserError with the arithmetic unless `folder`, or the folder that it is to be made in,
/// has room for `files`; `available_bytes` as the system says when absent.
void require_space(const std::filesystem::path& folder, const std::vector<PlannedFile>& files,
                   std::optional<std::uint64_t> available_bytes = std::nullopt);

/// Writes `files` into `folder`, which is made where it does not exist; all of them or none.
/// `seed` decides every random byte, whatever `n_threads` is. Throws UserError as StagedFiles
/// does, Interrupted between pieces.
void write_files(const std::filesystem::path& folder, const std::vector<PlannedFile>& files,
                 std::uint64_t seed, std::size_t n_threads, Progress& progress);

/// Steps of progress that write_files reports.
std::int64_t write_work(const std::vector<PlannedFile>& files);

}  // namespace fidelio::synth
