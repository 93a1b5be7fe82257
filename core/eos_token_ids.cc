#include "core/eos_token_ids.h"

#include <algorithm>
#include <system_error>

#include "core/json_text.h"
#include "core/mapped_file.h"

namespace fidelio {

namespace {

constexpr std::size_t kMaxBytes = std::size_t{16} << 20;

}  // namespace

std::vector<std::int64_t> read_eos_token_ids(const ConfigReader& config, std::int64_t vocab_size) {
  const char* key = "eos_token_id";
  const nlohmann::json* eos = config.find(key);
  std::vector<std::int64_t> ids;
  if (eos == nullptr) return ids;
  const auto add = [&](const nlohmann::json& number) {
    const std::int64_t id = config.integer_of(key, number, INT32_MIN, INT32_MAX);
    if (id >= 0 && id < vocab_size) ids.push_back(id);
  };
  if (!eos->is_array()) {
    add(*eos);
    return ids;
  }
  for (const nlohmann::json& number : *eos) add(number);
  return ids;
}

std::vector<std::int64_t> all_eos_token_ids(const std::filesystem::path& dir,
                                            std::vector<std::int64_t> from_config,
                                            std::int64_t vocab_size) {
  const std::filesystem::path file = dir / "generation_config.json";
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return from_config;
  const std::string where = path_text(file);
  const nlohmann::json object = parse_json_object(read_text_file(file, kMaxBytes), where);
  for (const std::int64_t id : read_eos_token_ids(ConfigReader(object, where), vocab_size)) {
    const bool known = std::find(from_config.begin(), from_config.end(), id) != from_config.end();
    if (!known) from_config.push_back(id);
  }
  return from_config;
}

}  // namespace fidelio
