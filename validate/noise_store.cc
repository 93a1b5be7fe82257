#include "validate/noise_store.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

#include "capsules/atomic_file.h"
#include "validate/checksum_cache.h"

namespace fidelio {
namespace {

using nlohmann::json;

constexpr int kStoreVersion = 1;
constexpr std::uintmax_t kMaxStoreBytes = std::uintmax_t{16} << 20;

json to_json(const StoredNoise& entry) {
  const NoiseConditions& c = entry.conditions;
  const NoiseFloorRecord& f = entry.floor;
  return {{"cpu_model", c.cpu_model},
          {"cores", c.cores},
          {"logical_cpus", c.logical_cpus},
          {"memory_gib", c.memory_gib},
          {"threads", c.threads},
          {"vector_target", c.vector_target},
          {"weights_xxh3_128", entry.weights_xxh3_128},
          {"model", f.model},
          {"decode", f.decode},
          {"prefill", f.prefill},
          {"series", f.series},
          {"pairs", f.pairs},
          {"measured", f.measured}};
}

/// Throws json::exception for another type than that of `out`: no conversion is silent.
void read(const json& entry, const char* key, std::string& out) {
  out = entry.at(key).get_ref<const std::string&>();
}
void read(const json& entry, const char* key, std::int64_t& out) {
  const json& value = entry.at(key);
  if (!value.is_number_integer() || value.get<std::int64_t>() < 0) throw std::runtime_error(key);
  out = value.get<std::int64_t>();
}
void read(const json& entry, const char* key, double& out) {
  const json& value = entry.at(key);
  if (!value.is_number()) throw std::runtime_error(key);
  out = value.get<double>();
  if (!(out >= 0 && std::isfinite(out))) throw std::runtime_error(key);
}

StoredNoise from_json(const json& entry) {
  StoredNoise out;
  NoiseConditions& c = out.conditions;
  read(entry, "cpu_model", c.cpu_model);
  read(entry, "cores", c.cores);
  read(entry, "logical_cpus", c.logical_cpus);
  read(entry, "memory_gib", c.memory_gib);
  read(entry, "threads", c.threads);
  read(entry, "vector_target", c.vector_target);
  read(entry, "weights_xxh3_128", out.weights_xxh3_128);
  NoiseFloorRecord& f = out.floor;
  read(entry, "model", f.model);
  read(entry, "decode", f.decode);
  read(entry, "prefill", f.prefill);
  read(entry, "series", f.series);
  read(entry, "pairs", f.pairs);
  read(entry, "measured", f.measured);
  return out;
}

std::vector<StoredNoise> parse_store(std::istream& in) {
  const json store = json::parse(in);
  std::int64_t version = 0;
  read(store, "version", version);
  if (version != kStoreVersion) throw std::runtime_error("version");
  std::vector<StoredNoise> entries;
  for (const json& entry : store.at("entries")) entries.push_back(from_json(entry));
  return entries;
}

}  // namespace

NoiseConditions noise_conditions(const Record& record) {
  constexpr double kGib = 1 << 30;
  const HardwareRecord& hw = record.hardware;
  return {hw.cpu_model,           hw.cores,
          hw.logical_cpus,        std::llround(static_cast<double>(hw.memory_bytes) / kGib),
          record.options.threads, hw.vector_target};
}

std::filesystem::path noise_store_path() {
  return checksum_cache_path().parent_path() / "noise.json";
}

std::vector<StoredNoise> read_noise_store(const std::filesystem::path& store) {
  std::error_code error;
  if (!std::filesystem::exists(store, error)) return {};
  try {
    if (!std::filesystem::is_regular_file(store) ||
        std::filesystem::file_size(store) > kMaxStoreBytes)
      throw std::runtime_error("no file of a sane size");
    std::ifstream in(store);
    return parse_store(in);
  } catch (const std::exception& damage) {
    fmt::print(stderr,
               "warning: {} is damaged and done without ({}); validate noise MODEL writes a new "
               "one\n",
               store.string(), damage.what());
    return {};
  }
}

void store_noise(const std::filesystem::path& store, StoredNoise entry) {
  std::vector<StoredNoise> entries = read_noise_store(store);
  std::erase_if(entries, [&](const StoredNoise& old) {
    return old.conditions == entry.conditions && old.weights_xxh3_128 == entry.weights_xxh3_128;
  });
  entries.push_back(std::move(entry));
  json out = {{"version", kStoreVersion}, {"entries", json::array()}};
  for (const StoredNoise& each : entries) out["entries"].push_back(to_json(each));
  std::error_code ignored;
  std::filesystem::create_directories(store.parent_path(), ignored);
  write_file_atomically(store, out.dump(1, ' ', false, json::error_handler_t::replace) + "\n");
}

std::optional<NoiseFloorRecord> noise_floor_for(const Record& record,
                                                const std::vector<StoredNoise>& stored) {
  const NoiseConditions here = noise_conditions(record);
  const NoiseFloorRecord* largest = nullptr;
  for (const StoredNoise& entry : stored) {
    if (!(entry.conditions == here)) continue;
    if (entry.weights_xxh3_128 == record.model.weights_xxh3_128) return entry.floor;
    if (largest == nullptr ||
        entry.floor.decode + entry.floor.prefill > largest->decode + largest->prefill)
      largest = &entry.floor;
  }
  if (largest == nullptr) return std::nullopt;
  return *largest;
}

}  // namespace fidelio
