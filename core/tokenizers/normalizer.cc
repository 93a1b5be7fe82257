// utf8proc stays in this file.
#include "core/tokenizers/normalizer.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>

#include "core/tokenizers/json_step.h"
#include "core/tokenizers/split.h"
#include "core/user_error.h"

namespace fidelio::tokenizers {

namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 30;

}  // namespace

Normalizer Normalizer::read(const JsonStep& step) {
  Normalizer normalizer;
  normalizer.read_into(step);
  return normalizer;
}

void Normalizer::read_into(const JsonStep& step) {
  const std::string type = step.type();
  if (type == "Sequence") {
    step.allow({"normalizers"});
    for (const JsonStep& inner : step.steps("normalizers")) read_into(inner);
  } else if (type == "NFC" || type == "NFD" || type == "NFKC" || type == "NFKD") {
    step.allow({});
    const bool compatible = type[2] == 'K';
    const bool composed = type.back() == 'C';
    steps_.emplace_back(compatible ? (composed ? Form::nfkc : Form::nfkd)
                                   : (composed ? Form::nfc : Form::nfd));
  } else if (type == "Prepend") {
    step.allow({"prepend"});
    steps_.emplace_back(Prepend{step.text("prepend")});
  } else if (type == "Replace") {
    step.allow({"pattern", "content"});
    const JsonStep::Pattern pattern = step.pattern();
    Replace replace{std::nullopt, pattern.text, step.text("content")};
    if (pattern.is_regex) replace.regex.emplace(pattern.text, step.place());
    steps_.emplace_back(std::move(replace));
  } else {
    step.refuse_type("NFC, NFD, NFKC, NFKD, Prepend, Replace or Sequence");
  }
}

std::string Normalizer::apply(std::string_view text, const Budget& budget) const {
  std::optional<std::string> result = apply_within(kMaxBytes, text, budget);
  if (!result) {
    throw UserError(fmt::format(
        "the text: found more than {} bytes after the tokenizer's normalizer, expected fewer",
        kMaxBytes));
  }
  return *std::move(result);
}

std::optional<std::string> Normalizer::apply_within(std::size_t max_bytes, std::string_view text,
                                                    const Budget& budget) const {
  std::optional<std::string> result(text);
  for (const auto& step : steps_) {
    if (!result || result->empty() || result->size() > max_bytes) break;
    if (const Form* form = std::get_if<Form>(&step)) {
      result = normal_form(*result, *form);
    } else if (const Prepend* prepend = std::get_if<Prepend>(&step)) {
      result->insert(0, prepend->text);
    } else {
      result = replaced(max_bytes, *result, std::get<Replace>(step), budget);
    }
  }
  if (result && result->size() > max_bytes) result.reset();
  return result;
}

std::string Normalizer::normal_form(const std::string& text, Form form) {
  const bool ascii =
      std::all_of(text.begin(), text.end(), [](char c) { return (c & '\x80') == 0; });
  if (ascii) return text;  // every form of it is itself
  int options = UTF8PROC_STABLE;
  options |= form == Form::nfc || form == Form::nfkc ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE;
  if (form == Form::nfkc || form == Form::nfkd) options |= UTF8PROC_COMPAT;
  utf8proc_uint8_t* mapped = nullptr;
  const utf8proc_ssize_t size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                             static_cast<utf8proc_ssize_t>(text.size()), &mapped,
                                             static_cast<utf8proc_option_t>(options));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
  if (size == UTF8PROC_ERROR_NOMEM) throw std::bad_alloc();
  if (size < 0) {
    throw UserError(fmt::format("the text cannot be normalized ({})", utf8proc_errmsg(size)));
  }
  return {reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(size)};
}

std::optional<std::string> Normalizer::replaced(std::size_t max_bytes, const std::string& text,
                                                const Replace& replace, const Budget& budget) {
  const std::vector<Range> matches =
      replace.regex ? replace.regex->find_all(text, budget) : find_all(text, replace.needle);
  std::size_t size = text.size();  // of the result; known before any of it is built
  for (const Range& match : matches) size += replace.content.size() - (match.end - match.begin);
  if (size > max_bytes) return std::nullopt;
  return replace_all(text, matches, replace.content);
}

}  // namespace fidelio::tokenizers
