// A model directory made for one test: a minimal config.json and the tensors given.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "core/checkpoint.h"
#include "tests/support/safetensors_writer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/user_error.h"

namespace fidelio::testing {

/// A model directory with these tensors and, when not null, this quantization block.
class SmallModel {
 public:
  explicit SmallModel(const SafetensorsWriter& tensors,
                      const nlohmann::json& quantization = nullptr) {
    nlohmann::json config = {{"model_type", "llama"},    {"hidden_size", 64},
                             {"intermediate_size", 64},  {"num_hidden_layers", 1},
                             {"vocab_size", 64},         {"max_position_embeddings", 64},
                             {"num_attention_heads", 2}, {"rms_norm_eps", 1e-5},
                             {"num_key_value_heads", 2}, {"quantization", quantization}};
    dir_.write("config.json", config.dump());
    tensors.write(dir_ / "model.safetensors");
  }
  Checkpoint open() const { return Checkpoint::open(dir_.path()); }

  /// The error of `action` on the opened checkpoint; it must name the weights' file.
  template <typename Action>
  std::string error_of(Action&& action) const {
    const Checkpoint checkpoint = open();
    const std::string message = user_error_of([&] { action(checkpoint); });
    EXPECT_THAT(message, ::testing::HasSubstr((dir_ / "model.safetensors").string()));
    return message;
  }
  std::string matrix_error(std::int64_t rows, std::int64_t cols) const {
    return error_of([&](const Checkpoint& c) { (void)c.matrix("w", rows, cols); });
  }

 private:
  TempDir dir_;
};

}  // namespace fidelio::testing
