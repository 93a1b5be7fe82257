// nlohmann::json with a callback that sees every container and key before they are stored.
#include "capsules/json_strict.h"

#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "capsules/capsule_error.h"
#include "capsules/json.h"

namespace fidelio {
namespace {

using nlohmann::json;

/// Follows the parser through the containers. Throwing from the callback abandons the parse.
class Strictness {
 public:
  explicit Strictness(const std::string& where) : where_(where) {}

  bool operator()(int /*depth*/, json::parse_event_t event, json& parsed) {
    switch (event) {
      case json::parse_event_t::object_start:
      case json::parse_event_t::array_start:
        enter();
        break;
      case json::parse_event_t::object_end:
      case json::parse_event_t::array_end:
        keys_.pop_back();
        break;
      case json::parse_event_t::key:
        if (!keys_.back().insert(parsed.get_ref<const std::string&>()).second)
          throw CapsuleError(fmt::format("{}: JSON: found the key {} twice, expected it once",
                                         where_, describe(parsed)));
        break;
      case json::parse_event_t::value:
        break;
    }
    return true;
  }

 private:
  void enter() {
    if (keys_.size() == static_cast<std::size_t>(kMaxCapsuleDepth))
      throw CapsuleError(fmt::format("{}: JSON: found deeper nesting, expected at most {} levels",
                                     where_, kMaxCapsuleDepth));
    keys_.emplace_back();
  }

  const std::string& where_;
  std::vector<std::set<std::string>> keys_;  ///< seen so far, one set an open container
};

/// A library's message may quote bytes of the file: without what a terminal would act on.
std::string plain_ascii(std::string_view text) {
  std::string plain;
  for (const char c : text.substr(0, 200)) plain += c >= 0x20 && c < 0x7f ? c : '?';
  return plain;
}

}  // namespace

json parse_strictly(const std::string& text, const std::string& where) {
  Strictness strictness(where);
  try {
    return json::parse(text, std::ref(strictness));
  } catch (const json::exception& error) {
    throw CapsuleError(fmt::format("{}: found text that is not JSON ({}), expected a capsule",
                                   where, plain_ascii(error.what())));
  }
}

std::string describe(const json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array";
  constexpr std::size_t kMaxBytes = 60;
  const std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  return text.size() <= kMaxBytes ? text : text.substr(0, kMaxBytes) + "...";
}

}  // namespace fidelio
