// PCRE2 stays in this file.
#include "core/tokenizers/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include <new>
#include <optional>
#include <utility>

#include "core/quote.h"
#include "core/tokenizers/oniguruma_syntax.h"
#include "core/tokenizers/utf8.h"
#include "core/user_error.h"

namespace fidelio::tokenizers {

namespace {

constexpr std::uint32_t kMaxSteps = 10'000'000;   // of one match at one place
constexpr std::uint32_t kMaxHeapKib = 64 * 1024;  // of one match
// Beyond the larger one the interpreter goes on, on the heap.
constexpr std::size_t kJitStackBytes = std::size_t{32} << 10;
constexpr std::size_t kMaxJitStackBytes = std::size_t{1} << 20;
constexpr std::size_t kPlacesPerCall = 256;  // between two looks at the clock

struct Deleter {
  void operator()(pcre2_code* p) const { pcre2_code_free(p); }
  void operator()(pcre2_match_data* p) const { pcre2_match_data_free(p); }
  void operator()(pcre2_match_context* p) const { pcre2_match_context_free(p); }
  void operator()(pcre2_compile_context* p) const { pcre2_compile_context_free(p); }
  void operator()(pcre2_jit_stack* p) const { pcre2_jit_stack_free(p); }
};
template <typename T>
using Owned = std::unique_ptr<T, Deleter>;

template <typename T>
Owned<T> owned(T* pointer) {
  if (pointer == nullptr) throw std::bad_alloc();
  return Owned<T>(pointer);
}

/// What a match needs besides the code; one a thread.
struct Scratch {
  Owned<pcre2_match_data> data = owned(pcre2_match_data_create(1, nullptr));
  Owned<pcre2_match_context> context = owned(pcre2_match_context_create(nullptr));
  Owned<pcre2_jit_stack> stack =
      owned(pcre2_jit_stack_create(kJitStackBytes, kMaxJitStackBytes, nullptr));

  Scratch() {
    pcre2_set_match_limit(context.get(), kMaxSteps);
    pcre2_set_heap_limit(context.get(), kMaxHeapKib);
    pcre2_jit_stack_assign(context.get(), nullptr, stack.get());
  }
};

std::string error_text(int code) {
  PCRE2_UCHAR buffer[256] = {};
  pcre2_get_error_message(code, buffer, sizeof buffer);
  return printable(reinterpret_cast<const char*>(buffer));
}

PCRE2_SPTR code_units(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.data() == nullptr ? "" : text.data());
}

/// The first match that begins at `from` or up to kPlacesPerCall bytes later; a PCRE2 error code
/// (no match included) otherwise.
int match(const pcre2_code* code, std::string_view text, std::size_t from, Scratch& scratch) {
  pcre2_set_offset_limit(scratch.context.get(), from + kPlacesPerCall);
  const auto run = [&](std::uint32_t options) {
    return pcre2_match(code, code_units(text), text.size(), from, PCRE2_NO_UTF_CHECK | options,
                       scratch.data.get(), scratch.context.get());
  };
  const int result = run(0);
  return result == PCRE2_ERROR_JIT_STACKLIMIT ? run(PCRE2_NO_JIT) : result;
}

/// The first place after a window of kPlacesPerCall bytes at which a character begins.
std::size_t next_window(std::string_view text, std::size_t from) {
  std::size_t next = from + kPlacesPerCall + 1;
  while (next < text.size() && (static_cast<unsigned char>(text[next]) & 0xC0U) == 0x80U) ++next;
  return next;
}

}  // namespace

struct Regex::Code {
  Owned<pcre2_code> compiled;
};

Regex::Regex(std::string_view pattern, std::string where) : where_(std::move(where)) {
  const std::string translated = oniguruma_to_pcre2(pattern, where_);
  const auto context = owned(pcre2_compile_context_create(nullptr));
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  int error = 0;
  PCRE2_SIZE offset = 0;
  Owned<pcre2_code> compiled(pcre2_compile(
      code_units(translated), translated.size(),
      PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT,
      &error, &offset, context.get()));
  if (!compiled) {
    throw UserError(fmt::format("{}: found the pattern {} ({}), expected one that compiles", where_,
                                quote(pattern), error_text(error)));
  }
  pcre2_jit_compile(compiled.get(), PCRE2_JIT_COMPLETE);  // without JIT the interpreter matches
  code_ = std::make_unique<Code>(Code{std::move(compiled)});
}

Regex::~Regex() = default;
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;

std::vector<Range> Regex::find_all(std::string_view text, const Budget& budget) const {
  static thread_local Scratch scratch;
  std::vector<Range> matches;
  for (std::size_t from = 0; from <= text.size();) {
    const int result = match(code_->compiled.get(), text, from, scratch);
    if (budget.is_spent()) {
      throw UserError(fmt::format("{}: found a text that takes longer than {} ms, expected less",
                                  where_, budget.time().count()));
    }
    if (result == PCRE2_ERROR_NOMATCH) {
      from = next_window(text, from);
      continue;
    }
    if (result < 0) {
      throw UserError(fmt::format("{}: the pattern failed on {} bytes of text ({})", where_,
                                  text.size(), error_text(result)));
    }
    const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(scratch.data.get());
    const Range found{bounds[0], bounds[1]};
    const bool again = found.begin == found.end && !matches.empty() &&
                       matches.back().end == found.begin;  // empty, right behind the last match
    if (!again) matches.push_back(found);
    from = found.end;
    if (found.begin == found.end) {
      from += found.end < text.size() ? character_bytes(text[found.end]) : 1;
    }
  }
  return matches;
}

}  // namespace fidelio::tokenizers
