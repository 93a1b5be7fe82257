// An arm without ceremony, for tests that decode: a model, patches, kernels, threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/checksum.h"
#include "patches/catalogue.h"
#include "validate/arm.h"
#include "validate/generate.h"

namespace fidelio::testing {

struct DecodeSetup {
  std::string target;  ///< empty: the best
  std::size_t threads = 1;
  std::string patches = "none";
  std::int64_t prefill_chunk = 0;
};

/// Greedy ids (never stopping) and the hash of every step's logits.
inline Generation decode(const LoadedModel& model, const std::vector<std::int32_t>& prompt,
                         std::int64_t n, const DecodeSetup& setup) {
  const KernelTable kernels = kernels_for(setup.target);
  ThreadTeam team(setup.threads, /*pin=*/false);
  const std::size_t capacity = prompt.size() + static_cast<std::size_t>(n);
  const RopeTable rope = rope_table_for(model, capacity);
  Arm arm("patched", model, parse_patch_list(setup.patches), kernels, team, rope,
          {capacity, prompt.size() + 33});
  GenerateOptions options;
  options.max_tokens = n;
  options.prefill_chunk = setup.prefill_chunk;
  return generate(arm.decoder(), prompt, options);
}

/// The logits of every position of `ids`, fed in steps of `width` tokens.
inline std::vector<float> all_logits(const LoadedModel& model, const std::vector<std::int32_t>& ids,
                                     std::size_t width, const DecodeSetup& setup) {
  const KernelTable kernels = kernels_for(setup.target);
  ThreadTeam team(setup.threads, /*pin=*/false);
  const RopeTable rope = rope_table_for(model, ids.size());
  Arm arm("patched", model, parse_patch_list(setup.patches), kernels, team, rope,
          {ids.size(), ids.size()});
  std::vector<float> all;
  for (std::size_t done = 0; done < ids.size(); done += width) {
    const std::size_t n = std::min(width, ids.size() - done);
    const std::span<const float> logits = arm.decoder().step(std::span(ids).subspan(done, n), n);
    all.insert(all.end(), logits.begin(), logits.end());
  }
  return all;
}

}  // namespace fidelio::testing
