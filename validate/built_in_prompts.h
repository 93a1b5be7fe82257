// Five prompts that are always at hand (--prompts builtin), one of each kind of text that people
// ask models for. What a prompt becomes is validate/prompts.h.
#pragma once

#include <filesystem>
#include <span>

namespace fidelio {

struct BuiltInPrompt {
  const char* name;
  const char* text;
};

/// Each longer than the fused kernels' guard under every tokenizer, so that prefill is no decode
/// step in disguise.
std::span<const BuiltInPrompt> built_in_prompts();

/// The value of --prompts that means them; a file of that name is reached as ./builtin.
inline constexpr const char* kBuiltInSet = "builtin";

inline bool is_built_in_set(const std::filesystem::path& prompts) { return prompts == kBuiltInSet; }

}  // namespace fidelio
