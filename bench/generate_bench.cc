// One run of one arm of any model, after a short warm-up, as one line of JSON: the prompt's and the
// decoded tokens per second. To be set against other engines by bench/against.cc.
// Usage: generate_bench MODEL baseline|patched PROMPT_TOKENS TOKENS
#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <thread>

#include "patches/catalogue.h"
#include "validate/arm.h"
#include "validate/generate.h"

namespace fidelio {
namespace {

void run(const std::string& path, const std::string& name, std::size_t prompt_tokens,
         std::int64_t tokens) {
  const auto model = load_model(path);
  model->checkpoint.tensors().prefetch();
  const KernelTable kernels = kernels_for();
  ThreadTeam team(std::max(1U, std::thread::hardware_concurrency()));
  const std::size_t capacity = prompt_tokens + static_cast<std::size_t>(tokens);
  const RopeTable rope = rope_table_for(*model, capacity);
  const auto patches = name == "patched" ? parse_patch_list("all") : std::vector<const Patch*>{};
  Arm arm(name, *model, patches, kernels, team, rope, {capacity, prompt_tokens});
  // The same ids as bench/llama_cpp.mjs feeds.
  std::vector<std::int32_t> prompt(prompt_tokens);
  for (std::size_t i = 0; i < prompt.size(); ++i)
    prompt[i] = static_cast<std::int32_t>(1000 + (97 * i + 11) % 20000);
  GenerateOptions options;
  options.max_tokens = 4;
  generate(arm.decoder(), std::span(prompt).first(std::min<std::size_t>(40, prompt_tokens)),
           options);
  options.max_tokens = tokens;
  const Generation g = generate(arm.decoder(), prompt, options);
  fmt::print("{{\"prefill_tok_s\": {:.4f}, \"decode_tok_s\": {:.4f}}}\n",
             static_cast<double>(prompt_tokens) * 1e9 / static_cast<double>(g.first_token_ns),
             static_cast<double>(g.ids.size() - 1) * 1e9 / static_cast<double>(g.decode_ns));
}

}  // namespace
}  // namespace fidelio

int main(int argc, char** argv) {
  if (argc != 5) {
    fmt::print(stderr, "usage: generate_bench MODEL baseline|patched PROMPT_TOKENS TOKENS\n");
    return 2;
  }
  fidelio::run(argv[1], argv[2], std::strtoul(argv[3], nullptr, 10), std::atoll(argv[4]));
  return 0;
}
