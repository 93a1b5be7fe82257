// nlohmann::json with a callback that sees every container and key before they are stored.
#include "core/json_text.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "core/quote.h"
#include "core/user_error.h"

namespace fidelio {

namespace {

using nlohmann::json;

/// Follows the parser through the containers. Throwing from the callback abandons the parse.
class Strictness {
 public:
  Strictness(const std::string& where, int max_depth) : where_(where), max_depth_(max_depth) {}

  bool operator()(int /*depth*/, json::parse_event_t event, json& parsed) {
    switch (event) {
      case json::parse_event_t::object_start:
      case json::parse_event_t::array_start:
        enter();
        break;
      case json::parse_event_t::object_end:
      case json::parse_event_t::array_end:
        open_.pop_back();
        break;
      case json::parse_event_t::key:
        see_key(parsed.get_ref<const std::string&>());
        break;
      case json::parse_event_t::value:
        break;
    }
    return true;
  }

 private:
  void enter() {
    if (open_.size() == static_cast<std::size_t>(max_depth_)) {
      throw UserError(
          fmt::format("{}: JSON: found nesting deeper than {}, expected at most {} levels", where_,
                      max_depth_, max_depth_));
    }
    open_.emplace_back();
  }
  void see_key(const std::string& key) {
    if (!open_.back().insert(key).second) {
      throw UserError(
          fmt::format("{}: JSON: found the key {} twice, expected it once", where_, quote(key)));
    }
  }

  const std::string& where_;
  int max_depth_;
  std::vector<std::set<std::string>> open_;  // keys seen so far, one set an open container
};

}  // namespace

json parse_json_object(std::string_view text, const std::string& where, int max_depth) {
  json parsed;
  Strictness strictness(where, max_depth);
  try {
    parsed = json::parse(text, std::ref(strictness));
  } catch (const json::exception& error) {
    throw UserError(fmt::format("{}: found text that is not JSON ({}), expected a JSON object",
                                where, printable(error.what())));
  }
  if (!parsed.is_object()) {
    throw UserError(
        fmt::format("{}: found JSON {}, expected an object", where, parsed.type_name()));
  }
  return parsed;
}

}  // namespace fidelio
