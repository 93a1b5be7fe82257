#include "capsules/annotations.h"

#include <fmt/format.h>

#include <algorithm>

#include "capsules/gate_case.h"
#include "capsules/printable.h"

namespace fidelio {
namespace {

struct Annotation {
  std::string title;
  std::string message;
};

/// Control characters are gone before: what is left of a line end is '?'.
std::string escaped_data(const std::string& text) {
  std::string out;
  for (const char c : printable(text)) out += c == '%' ? std::string("%25") : std::string(1, c);
  return out;
}

std::string escaped_property(const std::string& text) {
  std::string out;
  for (const char c : escaped_data(text))
    out += c == ':' ? std::string("%3A") : c == ',' ? std::string("%2C") : std::string(1, c);
  return out;
}

std::string lines_of(const char* command, std::vector<Annotation> annotations) {
  if (annotations.size() > kMaxAnnotations) {
    const std::size_t left_out = annotations.size() - (kMaxAnnotations - 1);
    annotations.resize(kMaxAnnotations - 1);
    annotations.push_back({"Fidelio", fmt::format("{} more; the log names all of them", left_out)});
  }
  std::string text;
  for (const Annotation& a : annotations)
    text += fmt::format("::{} title={}::{}\n", command, escaped_property(a.title),
                        escaped_data(a.message));
  return text;
}

std::string title_of(const GateResult& result, const GateCheck& check) {
  return fmt::format("{}: {}, {}", result.model.empty() ? result.name : result.model, check.patch,
                     check.name);
}

}  // namespace

std::string github_annotations(const std::vector<GateResult>& results) {
  std::vector<Annotation> verdicts, errors, warnings;
  for (const GateResult& result : results) {
    for (const GateCheck& check : gate_cases(result)) {
      const Annotation annotation{title_of(result, check),
                                  fmt::format("{} [{}]", check.sentence, result.name)};
      if (check.outcome == "fail") (check.name == "gate" ? verdicts : errors).push_back(annotation);
      if (check.outcome == "inconclusive") warnings.push_back(annotation);
    }
  }
  verdicts.insert(verdicts.end(), errors.begin(), errors.end());
  return lines_of("error", std::move(verdicts)) + lines_of("warning", std::move(warnings));
}

std::string without_commands(const std::string& text, const std::string& token) {
  return fmt::format("::stop-commands::{}\n{}{}::{}::\n", token, text,
                     text.empty() || text.back() == '\n' ? "" : "\n", token);
}

}  // namespace fidelio
