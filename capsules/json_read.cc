// A capsule's text to a record: its size, its version, then field by field (json_reader.h), then
// section against section.
#include <fmt/format.h>

#include <cstdint>
#include <nlohmann/json.hpp>

#include "capsules/bounded_file.h"
#include "capsules/capsule_error.h"
#include "capsules/json.h"
#include "capsules/json_check.h"
#include "capsules/json_fields.h"
#include "capsules/json_reader.h"
#include "capsules/json_strict.h"

namespace fidelio {
namespace {

using nlohmann::json;

/// The capsule's version, one of those that this program reads.
std::int64_t version_of(const json& document, const std::string& where) {
  const auto version = document.find("schema_version");
  if (version == document.end())
    throw CapsuleError(
        fmt::format("{}: $.schema_version: found no such field, expected 1 to {}; is it a capsule?",
                    where, kCapsuleSchemaVersion));
  if (!version->is_number_integer() || *version < 1 || *version > kCapsuleSchemaVersion)
    throw CapsuleError(fmt::format(
        "{}: $.schema_version: found {}, expected 1 to {}, the versions that this program reads",
        where, describe(*version), kCapsuleSchemaVersion));
  return version->get<std::int64_t>();
}

}  // namespace

Record from_json(const std::string& text, const std::string& where) {
  if (text.size() > kMaxCapsuleBytes)
    throw CapsuleError(fmt::format("{}: found {} bytes, expected a capsule of at most {}", where,
                                   text.size(), kMaxCapsuleBytes));
  const json document = parse_strictly(text, where);
  if (!document.is_object())
    throw CapsuleError(
        fmt::format("{}: $: found {}, expected an object", where, describe(document)));
  const std::int64_t version = version_of(document, where);
  Record record;
  JsonReader(where, version).read(&document, record, {});
  record.schema_version = kCapsuleSchemaVersion;  // what it holds now; the defaults filled it up
  check_sections(record, where);
  return record;
}

Record read_capsule(const std::filesystem::path& path) {
  return from_json(bounded_file_text(path, kMaxCapsuleBytes, "a capsule"), path.string());
}

}  // namespace fidelio
