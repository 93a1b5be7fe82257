// The commands of a CI recipe, read out of its YAML as far as the recipes in docs/ci use it. What
// they must do is ci_recipes_test.cc's.
#pragma once

#include <sstream>
#include <string>
#include <vector>

namespace fidelio::testing {

/// The spaces in front of a line's text.
inline std::size_t indentation_of(const std::string& line) { return line.find_first_not_of(' '); }

/// What a line's key has as its value on the same line, if the line is `key: value` or `- key:
/// value`.
inline bool has_key(const std::string& line, const std::string& key, std::string& value) {
  std::size_t at = indentation_of(line);
  if (at == std::string::npos) return false;
  if (line.compare(at, 2, "- ") == 0) at += 2;
  if (line.compare(at, key.size() + 1, key + ":") != 0) return false;
  at = line.find_first_not_of(' ', at + key.size() + 1);
  value = at == std::string::npos ? "" : line.substr(at);
  return true;
}

/// Every `run:` of a GitHub workflow, a block as one text, and every entry of a GitLab `script:`,
/// in the order of the file.
inline std::vector<std::string> commands_of(const std::string& yaml) {
  std::vector<std::string> lines;
  std::istringstream in(yaml);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string value;
    const bool script = has_key(lines[i], "script", value);
    if (!script && (!has_key(lines[i], "run", value) || value.empty())) continue;
    const std::size_t outer = indentation_of(lines[i]);
    if (!script && value != "|") {
      out.push_back(value);
      continue;
    }
    if (!script) out.emplace_back();
    for (; i + 1 < lines.size() && indentation_of(lines[i + 1]) > outer; ++i) {
      const std::string text = lines[i + 1].substr(indentation_of(lines[i + 1]));
      if (script) {
        out.push_back(text.substr(2));
      } else {
        out.back() += text + "\n";
      }
    }
  }
  return out;
}

}  // namespace fidelio::testing
