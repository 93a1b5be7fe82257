// Models in the local cache of the Hugging Face hub, as its download tools lay it out:
// models--ORG--NAME/refs/REVISION holds a commit, snapshots/COMMIT the files. Nothing is downloaded
// here; messages say how. Which names are tried before a hub id is core/model_location.h.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace fidelio {

/// ORG/NAME or ORG/NAME@REVISION.
struct HubId {
  std::string org;
  std::string name;
  std::optional<std::string> revision;  ///< a branch, a tag, or (the start of) a commit

  std::string id() const { return org + "/" + name; }
};

struct HubSnapshot {
  std::filesystem::path dir;
  std::string commit;  ///< 40 lower-case hex digits
};

/// nullopt for text that is no hub id. Both names keep to the hub's rules (letters, digits and
/// - _ . of which the last two begin or end no name, no "--" or "..", at most 96 characters), and a
/// revision's parts to the same characters: no path made of them leaves the cache.
std::optional<HubId> parse_hub_id(const std::string& model);

/// $HF_HUB_CACHE, else $HUGGINGFACE_HUB_CACHE, else $HF_HOME/hub, else
/// $XDG_CACHE_HOME/huggingface/hub, else ~/.cache/huggingface/hub; empty without a home.
std::filesystem::path hub_cache_folder();

/// "hf download ORG/NAME --revision REVISION".
std::string download_command(const HubId& id);

/// The snapshot of `id`: of its revision, of `main` when none is given, or the only one there when
/// main is unknown. nullopt when the cache has nothing of that model and revision. Which files it
/// holds is not looked at. Throws UserError for a choice that is not ours.
std::optional<HubSnapshot> find_in_hub_cache(const HubId& id, const std::filesystem::path& cache);

/// Throws UserError unless the snapshot `dir` of `id` holds config.json and every tensor file;
/// where a download helps, its command is the last line.
void check_complete(const HubId& id, const std::filesystem::path& dir);

}  // namespace fidelio
