// JSON from untrusted files: strict parsing only. What the keys mean is the readers' business
// (core/config.h, ...).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace fidelio {

/// Parses `text` as one JSON object. Throws UserError beginning with `where` for text that is not
/// JSON or not UTF-8, for another top-level value, for a key that occurs twice in one object
/// (parsers differ in which one they keep), and for nesting deeper than `max_depth` containers.
nlohmann::json parse_json_object(std::string_view text, const std::string& where,
                                 int max_depth = 32);

}  // namespace fidelio
