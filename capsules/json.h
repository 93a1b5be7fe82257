// A Record to JSON text and back. The keys are the names of record.h's fields; which values each
// may hold is in json_fields.h, the published form in capsule.schema.json. Nothing is judged here.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "capsules/record.h"

namespace fidelio {

inline constexpr std::size_t kMaxCapsuleBytes = std::size_t{256} << 20;
inline constexpr int kMaxCapsuleDepth = 32;

/// Indented by two spaces, keys in the order of record.h, token ids on one line, a final newline.
/// Unset optionals are null; non-finite numbers are "NaN", "Infinity" and "-Infinity". Bytes that
/// are not UTF-8 (a command line may hold some) become U+FFFD, so that writing never fails.
std::string to_json(const Record& record);

/// The inverse, for untrusted text. Throws CapsuleError beginning with `where` for text that is not
/// strict JSON, another schema version (before anything else is looked at), a field that is
/// missing, unknown, twice there, of another type or out of range, and for sections that contradict
/// each other: "c.json: $.runs[3].decode_ns: found -5, expected an integer of 0 or more".
Record from_json(const std::string& text, const std::string& where);

/// from_json of a regular file of at most kMaxCapsuleBytes.
Record read_capsule(const std::filesystem::path& path);

}  // namespace fidelio
