// Five prompts that are always at hand (--prompts builtin), one of each kind of text that people
// ask models for; and ids for models without a tokenizer. What a prompt becomes is
// validate/prompts.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace fidelio {

struct BuiltInPrompt {
  const char* name;
  const char* text;
};

/// Each longer than the fused kernels' guard under every tokenizer, so that prefill is no decode
/// step in disguise.
std::span<const BuiltInPrompt> built_in_prompts();

/// What a model without a tokenizer is given instead of a text of ours: random ids below
/// `vocab_size`, for every `number` always the same, more of them than the fused kernels' guard
/// admits. Number 0 stands for the one prompt of a plain run, and for the first of the set.
std::vector<std::int32_t> built_in_prompt_ids(std::int64_t vocab_size, std::uint64_t number = 0);

/// The value of --prompts that means them; a file of that name is reached as ./builtin.
inline constexpr const char* kBuiltInSet = "builtin";

inline bool is_built_in_set(const std::filesystem::path& prompts) { return prompts == kBuiltInSet; }

}  // namespace fidelio
