// What tests read out of an HTML report: values of attributes, counts, text.
#pragma once

#include <string>
#include <vector>

namespace fidelio::testing {

/// Of all elements that have an attribute `where` (as written, "data-phase=\"decode\""), in their
/// order, the value of their attribute `name`, which stands behind it.
inline std::vector<std::string> values_of(const std::string& page, const std::string& where,
                                          const std::string& name) {
  std::vector<std::string> out;
  for (std::size_t at = 0; (at = page.find(where, at)) != std::string::npos; at += where.size()) {
    const std::string tag = page.substr(at, page.find('>', at) - at);
    const std::size_t begin = tag.find(name + "=\"");
    if (begin == std::string::npos) continue;
    const std::size_t value = begin + name.size() + 2;
    out.push_back(tag.substr(value, tag.find('"', value) - value));
  }
  return out;
}

inline std::size_t count_of(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += what.size())
    ++count;
  return count;
}

}  // namespace fidelio::testing
