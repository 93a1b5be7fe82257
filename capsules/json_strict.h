// Text to a JSON document, with what nlohmann::json tolerates refused, and values made fit for a
// one-line message. What the keys mean is json_read.cc's business. Internal to capsules/.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace fidelio {

/// Throws CapsuleError beginning with `where` for text that is not JSON or not UTF-8, for a key
/// that occurs twice in one object, and for nesting deeper than kMaxCapsuleDepth containers.
nlohmann::json parse_strictly(const std::string& text, const std::string& where);

/// What stands in a message for a value: itself in ASCII, shortened; a container by its kind.
std::string describe(const nlohmann::json& value);

}  // namespace fidelio
