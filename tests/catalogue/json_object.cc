#include "tests/catalogue/json_object.h"

#include <fmt/format.h>

#include <fstream>

#include "core/nearest_name.h"
#include "core/quote.h"
#include "core/user_error.h"

namespace fidelio::catalogue {

JsonObject::JsonObject(const std::filesystem::path& file) : where_(file.filename().string()) {
  std::ifstream in(file);
  if (!in) throw UserError(fmt::format("{}: cannot be read", file.string()));
  value_ = nlohmann::json::parse(in, nullptr, false);
  if (!value_.is_object()) fail("expected a JSON object");
}

JsonObject::JsonObject(std::string where, nlohmann::json value)
    : where_(std::move(where)), value_(std::move(value)) {
  if (!value_.is_object()) fail("expected an object");
}

void JsonObject::fail(const std::string& what) const {
  throw UserError(fmt::format("{}: {}", where_, what));
}

const nlohmann::json& JsonObject::at(const std::string& key) {
  asked_.insert(key);
  if (!value_.contains(key)) fail(fmt::format("the key {} is missing", quote(key)));
  return value_.at(key);
}

std::string JsonObject::text(const std::string& key) {
  const nlohmann::json& value = at(key);
  if (!value.is_string()) fail(fmt::format("{}: expected a string", key));
  return value.get<std::string>();
}

std::string JsonObject::text_or(const std::string& key, const std::string& otherwise) {
  asked_.insert(key);
  return has(key) ? text(key) : otherwise;
}

double JsonObject::number_or(const std::string& key, double otherwise) {
  asked_.insert(key);
  if (!has(key)) return otherwise;
  const nlohmann::json& value = at(key);
  if (!value.is_number()) fail(fmt::format("{}: expected a number", key));
  return value.get<double>();
}

bool JsonObject::flag_or(const std::string& key, bool otherwise) {
  asked_.insert(key);
  if (!has(key)) return otherwise;
  const nlohmann::json& value = at(key);
  if (!value.is_boolean()) fail(fmt::format("{}: expected true or false", key));
  return value.get<bool>();
}

std::vector<std::string> JsonObject::texts(const std::string& key) {
  const nlohmann::json& value = at(key);
  if (!value.is_array() || value.empty())
    fail(fmt::format("{}: expected a list of strings with at least one", key));
  std::vector<std::string> out;
  for (const nlohmann::json& item : value) {
    if (!item.is_string()) fail(fmt::format("{}: expected a list of strings", key));
    out.push_back(item.get<std::string>());
  }
  return out;
}

JsonObject JsonObject::object_or_empty(const std::string& key) {
  asked_.insert(key);
  return {where_ + ": " + key, has(key) ? at(key) : nlohmann::json::object()};
}

void JsonObject::refuse_others() const {
  const std::vector<std::string> known(asked_.begin(), asked_.end());
  for (const auto& [key, value] : value_.items()) {
    if (asked_.count(key) == 0)
      fail(fmt::format("unknown key {}{}", quote(key), did_you_mean(key, known)));
  }
}

}  // namespace fidelio::catalogue
