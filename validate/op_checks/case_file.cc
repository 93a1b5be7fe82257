#include "validate/op_checks/case_file.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <type_traits>
#include <vector>

#include "core/json_text.h"
#include "core/quote.h"
#include "core/user_error.h"

namespace fidelio {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr std::size_t kMostBytes = 1 << 20;

/// Every field once, for reading and writing: io(key, field).
template <class Io, class Case>
void fields(Io& io, Case& c) {
  io("op", c.op);
  io("target", c.target);
  io("seed", c.seed);
  io("data", c.data);
  io("misaligned", c.misaligned);
  io("threads", c.threads);
  io("n_tokens", c.n_tokens);
  io("rows", c.rows);
  io("cols", c.cols);
  io("experts", c.experts);
  io("top_k", c.top_k);
  io("heads", c.heads);
  io("kv_heads", c.kv_heads);
  io("context", c.context);
  io("window", c.window);
  io("format", c.format);
  io("scale_type", c.scale_type);
  io("group_size", c.group_size);
  io("variant", c.variant);
  io("model", c.model);
  io("param", c.param);
  io("second_param", c.second_param);
  io("first_row", c.first_row);
}

std::string name_of(DataKind kind) { return std::string(data_kind_name(kind)); }
std::string name_of(WeightFormat format) { return std::string(format_name(format)); }
std::string name_of(ScaleType type) { return std::string(scale_type_name(type)); }

struct Writer {
  Json& json;
  template <class T>
  void operator()(const char* key, const T& field) const {
    if constexpr (std::is_enum_v<T>) {
      json[key] = name_of(field);
    } else {
      json[key] = field;
    }
  }
};

class Reader {
 public:
  Reader(const nlohmann::json& json, std::string where) : json_(json), where_(std::move(where)) {}

  void operator()(const char* key, std::string& field) {
    const nlohmann::json& found = at(key);
    if (!found.is_string()) fail(key, found, "a string");
    field = found.get<std::string>();
  }
  void operator()(const char* key, bool& field) {
    const nlohmann::json& found = at(key);
    if (!found.is_boolean()) fail(key, found, "true or false");
    field = found.get<bool>();
  }
  template <class T>
  requires std::is_integral_v<T>
  void operator()(const char* key, T& field) {
    const nlohmann::json& found = at(key);
    const auto most = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
    if (!found.is_number_unsigned() || found.get<std::uint64_t>() > most)
      fail(key, found, fmt::format("an integer of 0 to {}", most));
    field = found.get<T>();
  }
  void operator()(const char* key, DataKind& field) { one_of(key, field, kAllDataKinds); }
  void operator()(const char* key, ScaleType& field) {
    constexpr ScaleType kAll[] = {ScaleType::f32, ScaleType::f16, ScaleType::bf16, ScaleType::e8m0};
    one_of(key, field, kAll);
  }
  void operator()(const char* key, WeightFormat& field) { one_of(key, field, kWeightFormats); }

  /// Throws for a key that no field has.
  void finish() const {
    for (const auto& item : json_.items()) {
      if (read_.count(item.key()) == 0)
        throw UserError(fmt::format("{}: found the unknown key {}", where_, quote(item.key())));
    }
  }
  void allow(const char* key) { read_.insert(key); }

 private:
  const nlohmann::json& at(const char* key) {
    read_.insert(key);
    const auto found = json_.find(key);
    if (found == json_.end())
      throw UserError(
          fmt::format("{}: found no \"{}\", expected every field of a case", where_, key));
    return *found;
  }
  template <class T, class All>
  void one_of(const char* key, T& field, const All& all) {
    std::string text;
    (*this)(key, text);
    std::string known;
    for (const T value : all) {
      if (name_of(value) == text) {
        field = value;
        return;
      }
      known += (known.empty() ? "" : ", ") + name_of(value);
    }
    fail(key, json_.at(key), "one of " + known);
  }
  [[noreturn]] void fail(const char* key, const nlohmann::json& found,
                         const std::string& expected) {
    throw UserError(fmt::format("{}: {}: found {}, expected {}", where_, key,
                                quote(found.dump(-1, ' ', true)), expected));
  }

  const nlohmann::json& json_;
  std::string where_;
  std::set<std::string> read_;
};

}  // namespace

std::string case_json(const OpFailure& failure) {
  Json json;
  json["fidelio_op_case"] = kVersion;
  const Writer writer{json};
  fields(writer, failure.op_case);
  json["failure"] = failure_text(failure);
  return json.dump(2) + "\n";
}

OpCase parse_case(const std::string& text, const std::string& where) {
  const nlohmann::json json = parse_json_object(text, where);
  const auto version = json.find("fidelio_op_case");
  if (version == json.end() || *version != kVersion)
    throw UserError(fmt::format(
        "{}: found no case of `validate ops`, expected \"fidelio_op_case\": {}", where, kVersion));
  OpCase c;
  Reader reader(json, where);
  reader.allow("fidelio_op_case");
  reader.allow("failure");
  fields(reader, c);
  reader.finish();
  if (const std::string complaint = complaint_about(c); !complaint.empty())
    throw UserError(where + ": " + complaint);
  return c;
}

OpCase read_case(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in || !std::filesystem::is_regular_file(path))
    throw UserError(fmt::format("{}: cannot be read, expected a case file", path_text(path)));
  std::string text(kMostBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMostBytes)
    throw UserError(fmt::format("{}: found more than {} bytes, expected a case file",
                                path_text(path), kMostBytes));
  return parse_case(text, path_text(path));
}

std::filesystem::path default_case_path(const OpCase& c) {
  return fmt::format("fidelio-ops-{}-{}.json", c.op, c.seed);
}

}  // namespace fidelio
