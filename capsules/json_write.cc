// The writing direction of json_fields.h: text as it goes, no document in between, so that token
// ids stay on one line and keys keep their order.
#include <fmt/format.h>

#include <cmath>
#include <concepts>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <type_traits>
#include <vector>

#include "capsules/json.h"
#include "capsules/json_fields.h"

namespace fidelio {
namespace {

using nlohmann::json;

class Writer {
 public:
  template <class T>
  void operator()(const char* key, T& value, const FieldRule& /*rule*/ = {}) {
    separate();
    fmt::format_to(std::back_inserter(out_), "\"{}\": ", key);
    write(value);
  }

  template <class T>
  void write_object(T& value) {
    open('{');
    fields(*this, value);
    close('}');
  }

  std::string take() { return std::move(out_) + "\n"; }

 private:
  void write(bool& value) { out_ += value ? "true" : "false"; }
  void write(std::int32_t& value) { fmt::format_to(std::back_inserter(out_), "{}", value); }
  void write(std::int64_t& value) { fmt::format_to(std::back_inserter(out_), "{}", value); }
  template <std::floating_point T>
  void write(T& value) {
    if (std::isfinite(value)) {
      out_ += json(value).dump();  // the shortest text that reads back as the same bits
    } else if (std::isnan(value)) {
      out_ += "\"NaN\"";
    } else {
      out_ += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
    }
  }
  void write(std::string& value) {
    out_ += json(value).dump(-1, ' ', false, json::error_handler_t::replace);
  }
  template <class T>
  void write(std::optional<T>& value) {
    if (value) {
      write(*value);
    } else {
      out_ += "null";
    }
  }
  template <class T>
  void write(std::vector<T>& values) {
    if (values.empty()) {
      out_ += "[]";
    } else if constexpr (std::is_arithmetic_v<T>) {  // on one line
      for (T& value : values) {
        out_ += &value == values.data() ? "[" : ", ";
        write(value);
      }
      out_ += ']';
    } else {
      open('[');
      for (T& value : values) {
        separate();
        write(value);
      }
      close(']');
    }
  }
  template <class T>
  void write(T& object) {
    write_object(object);
  }

  void open(char bracket) {
    out_ += bracket;
    indent_ += 2;
    first_ = true;
  }
  void close(char bracket) {
    indent_ -= 2;
    out_ += '\n' + std::string(indent_, ' ') + bracket;
    first_ = false;
  }
  void separate() {
    if (!first_) out_ += ',';
    out_ += '\n' + std::string(indent_, ' ');
    first_ = false;
  }

  std::string out_;
  std::size_t indent_ = 0;
  bool first_ = true;
};

}  // namespace

std::string to_json(const Record& record) {
  Record fields_of = record;  // the list of fields is shared with the reader, which changes them
  Writer writer;
  writer.write_object(fields_of);
  return writer.take();
}

}  // namespace fidelio
