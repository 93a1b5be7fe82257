#include "tests/catalogue/model_with_room.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/oracles.h"

namespace fidelio::catalogue {

ModelWithRoom::ModelWithRoom(const std::string& folder) {
  const std::filesystem::path from = testing::kOracles / folder;
  nlohmann::json config = nlohmann::json::parse(std::ifstream(from / "config.json"));
  config["max_position_embeddings"] = 4096;
  dir_.write("config.json", config.dump());
  std::filesystem::create_symlink(from / "model.safetensors", dir_ / "model.safetensors");
  model_ = load_model(dir_.path().string());
}

}  // namespace fidelio::catalogue
