// The config.json fields of the published models that `validate synth` imitates, as data. What
// tensors such a config asks for is validate/synth/model_tensors.h.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace fidelio::synth {

/// The FAMILY names that published_config takes, in the order of the help text.
std::vector<std::string> family_names();

/// The published fields. Throws UserError, naming the nearest family, for a name that is none.
nlohmann::json published_config(const std::string& family);

/// The same model with fewer layers: num_hidden_layers, and lists of one entry a layer cut to it.
/// Throws UserError unless `layers` is 1 to the model's own number.
nlohmann::json with_layers(nlohmann::json config, std::int64_t layers);

}  // namespace fidelio::synth
