// The table of patches and the table of profiles.
#include "patches/catalogue.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/nearest_name.h"
#include "core/quote.h"
#include "core/user_error.h"

namespace fidelio {

namespace {

constexpr const Patch* kPatches[] = {
    &kRouterTopk,
    // Before the fused forms of the projections that they round: who asks for rounding gets it.
    &kGatherMatmulInt8,
    &kGatherMatmulInt16,
    &kGateUpSwiglu,
    &kDownCombine,
    &kAddRmsNorm,
};

std::vector<const Patch*> not_approximate() {
  std::vector<const Patch*> patches;
  for (const Patch* patch : kPatches) {
    if (patch->numerics != Numerics::approximate) patches.push_back(patch);
  }
  return patches;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  const std::size_t end = text.find_last_not_of(" \t") + 1;
  return end <= begin ? std::string_view() : text.substr(begin, end - begin);
}

std::vector<const Patch*> named(std::string_view name) {
  if (const Patch* patch = find_patch(name)) return {patch};
  std::vector<std::string> known;
  for (const Profile& profile : all_profiles()) {
    if (profile.name == name) return profile.patches;
    known.emplace_back(profile.name);
  }
  for (const Patch* patch : kPatches) known.emplace_back(patch->name);
  throw UserError(fmt::format("no patch or profile {}{}; there are {}", quote(name),
                              did_you_mean(name, known), fmt::join(known, ", ")));
}

}  // namespace

std::span<const Patch* const> all_patches() { return kPatches; }

const Patch* find_patch(std::string_view name) {
  for (const Patch* patch : kPatches) {
    if (patch->name == name) return patch;
  }
  return nullptr;
}

std::span<const Profile> all_profiles() {
  static const std::vector<Profile> profiles = {
      {"all", "every patch that rounds nothing away", not_approximate()},
      {"none", "no patch: the baseline twice", {}},
      {"moe", "the mixture-of-experts block", {&kRouterTopk, &kGateUpSwiglu, &kDownCombine}},
      {"int8", "expert projections of activations rounded to int8", {&kGatherMatmulInt8}},
      {"int16", "expert projections of activations rounded to int16", {&kGatherMatmulInt16}},
  };
  return profiles;
}

std::vector<const Patch*> parse_patch_list(std::string_view list) {
  std::vector<const Patch*> asked;
  std::size_t n_names = 0;
  bool none = false;
  while (true) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view name = trimmed(list.substr(0, comma));
    const std::vector<const Patch*> patches = named(name);
    asked.insert(asked.end(), patches.begin(), patches.end());
    none = none || patches.empty();
    ++n_names;
    if (comma == list.size()) break;
    list.remove_prefix(comma + 1);
  }
  if (none && n_names > 1)
    throw UserError("the profile \"none\" stands alone, without other patches");
  std::vector<const Patch*> ordered;
  for (const Patch* patch : kPatches) {
    if (std::find(asked.begin(), asked.end(), patch) != asked.end()) ordered.push_back(patch);
  }
  return ordered;
}

std::string patch_list_text(std::span<const Patch* const> patches) {
  std::vector<std::string_view> list;
  for (const Patch* patch : patches) list.push_back(patch->name);
  return list.empty() ? "none" : fmt::format("{}", fmt::join(list, ","));
}

}  // namespace fidelio
