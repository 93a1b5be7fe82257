// Noise floors of this machine, kept between runs in the user's cache folder. How one is measured
// is validate/noise_series.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "capsules/record.h"

namespace fidelio {

/// What a noise floor holds for: this machine, working like that.
struct NoiseConditions {
  std::string cpu_model;
  std::int64_t cores = 0;
  std::int64_t logical_cpus = 0;
  std::int64_t memory_gib = 0;  ///< rounded: kernels differ in what they keep for themselves
  std::int64_t threads = 0;
  std::string vector_target;

  bool operator==(const NoiseConditions&) const = default;
};

/// Those of a record's run.
NoiseConditions noise_conditions(const Record& record);

struct StoredNoise {
  NoiseConditions conditions;
  std::string weights_xxh3_128;
  NoiseFloorRecord floor;
};

/// $XDG_CACHE_HOME/fidelio/noise.json, or the same under ~/.cache.
std::filesystem::path noise_store_path();

/// Every entry of `store`; none where there is no such file. A store that is damaged in any place
/// is done without, with one line on stderr that names it.
std::vector<StoredNoise> read_noise_store(const std::filesystem::path& store);

/// Adds an entry to those that are there, in the place of one for the same conditions and weights.
/// Throws CapsuleError when it cannot be written.
void store_noise(const std::filesystem::path& store, StoredNoise entry);

/// The floor for a record's conditions: that measured with its model, else the largest (decode and
/// prefill together) of other models; absent where none was stored.
std::optional<NoiseFloorRecord> noise_floor_for(const Record& record,
                                                const std::vector<StoredNoise>& stored);

}  // namespace fidelio
