// Every patch there is, in the order in which they are applied, and the names that choose some of
// them. Adding a patch: docs/adding-a-patch.md.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "patches/patch.h"

namespace fidelio {

extern const Patch kRouterTopk;
extern const Patch kGatherMatmulInt8;
extern const Patch kGatherMatmulInt16;
extern const Patch kGateUpSwiglu;
extern const Patch kDownCombine;
extern const Patch kAddRmsNorm;

/// The catalogue, in the order of application.
std::span<const Patch* const> all_patches();

/// nullptr for an unknown name.
const Patch* find_patch(std::string_view name);

/// A name for a set of patches.
struct Profile {
  std::string_view name;
  std::string_view summary;
  std::vector<const Patch*> patches;  ///< in the order of the catalogue
};

/// all, none, moe, int8, int16. Patches that approximate are in none but those named after them.
std::span<const Profile> all_profiles();

/// "gate_up_swiglu,down_combine", or profiles, or both: names parted by commas, blanks around them
/// ignored. Each patch once, in the order of the catalogue, whatever the order asked for. Throws
/// UserError for an unknown or empty name, with the nearest known one, and for `none` beside
/// others.
std::vector<const Patch*> parse_patch_list(std::string_view list);

/// The inverse, for capsules: "router_topk,down_combine", or "none".
std::string patch_list_text(std::span<const Patch* const> patches);

}  // namespace fidelio
