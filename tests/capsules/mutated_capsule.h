// Seeded mutations of a capsule's JSON, as careless or hostile editing makes them. What a gate
// makes of the result is the test's business.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace fidelio::testing {

class Mutator {
 public:
  using json = nlohmann::json;

  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  /// Changes `document` in one place, or two places with each other; says what was done.
  std::string mutate(json& document) {
    const json::json_pointer at = somewhere(document);
    const std::string place = at.to_string();
    json& value = document[at];
    switch (pick(7)) {
      case 0:
        return erase(document, at) + place;
      case 1:
        return duplicate(document, at) + place;
      case 2:
        return truncate(value) + place;
      case 3:
        value = of_another_type(value);
        return "retype " + place;
      case 4:
        return swap(document, at) + place;
      default:
        return change(document, value) + place;
    }
  }

 private:
  std::size_t pick(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
  }

  /// Sections are equally likely, however long they are. Never the document itself.
  json::json_pointer somewhere(const json& document) {
    json::json_pointer at;
    const json* value = &document;
    while (value->is_structured() && !value->empty() && (at.empty() || pick(4) > 0)) {
      const std::size_t child = pick(value->size());
      if (value->is_object()) {
        auto member = value->begin();
        std::advance(member, static_cast<std::ptrdiff_t>(child));
        at /= member.key();
        value = &*member;
      } else {
        at /= child;
        value = &(*value)[child];
      }
    }
    return at;
  }

  static std::string erase(json& document, const json::json_pointer& at) {
    json& parent = document[at.parent_pointer()];
    if (parent.is_object()) {
      parent.erase(at.back());
    } else {
      parent.erase(std::stoul(at.back()));
    }
    return "erase ";
  }

  std::string duplicate(json& document, const json::json_pointer& at) {
    json& parent = document[at.parent_pointer()];
    if (!parent.is_array()) return change(document, document[at]);
    const std::size_t place = pick(parent.size() + 1);
    const json copy = document[at];
    parent.insert(parent.begin() + static_cast<std::ptrdiff_t>(place), copy);
    return "duplicate ";
  }

  std::string truncate(json& value) {
    if (value.is_array() && !value.empty()) {
      const std::size_t left = pick(value.size());
      value.erase(value.begin() + static_cast<std::ptrdiff_t>(left), value.end());
    } else if (value.is_string() && !value.get_ref<const std::string&>().empty()) {
      value = value.get<std::string>().substr(0, pick(value.get<std::string>().size()));
    }
    return "truncate ";
  }

  /// With a value of the same kind elsewhere in the document, where a few tries find one.
  std::string swap(json& document, const json::json_pointer& at) {
    for (int attempt = 0; attempt < 200; ++attempt) {
      const json::json_pointer other = somewhere(document);
      const std::string a = at.to_string() + "/";
      const std::string b = other.to_string() + "/";
      const bool nested = a.rfind(b, 0) == 0 || b.rfind(a, 0) == 0;
      if (nested || document[other].type() != document[at].type()) continue;
      std::swap(document[at], document[other]);
      return "swap with " + other.to_string() + " ";
    }
    return "leave ";
  }

  std::string change(const json& document, json& value) {
    if (value.is_boolean()) {
      value = !value.get<bool>();
    } else if (value.is_number()) {
      const json numbers[] = {0, 1, -1, 2, 1e-9, 1e9, 9223372036854775807, "NaN", "Infinity"};
      const std::size_t which = pick(11);
      value = which < 9    ? numbers[which]
              : which == 9 ? json(value.get<double>() * 2)
                           : json(value.get<std::int64_t>() + 1);
    } else if (value.is_string()) {
      const char* words[] = {"",        "EXACT",       "baseline",     "patched",
                             "free",    "routed",      "bit_exact",    "eos",
                             "neutral", "improvement", "measure",      "confirm",
                             "holds",   "approximate", "reassociated", "does not hold"};
      value = words[pick(std::size(words))];
    } else if (value.is_null()) {
      value = document[somewhere(document)];
    } else if (value.is_array()) {
      value = json::array();
    } else {
      value = nullptr;
    }
    return "change ";
  }

  json of_another_type(const json& value) {
    const json others[] = {nullptr, true, 3, "text", json::array(), json::object(), 0.5};
    const json& other = others[pick(std::size(others))];
    return other.type() == value.type() ? json::array({value}) : other;
  }

  std::mt19937_64 random_;
};

}  // namespace fidelio::testing
