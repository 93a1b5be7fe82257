// Options and help texts that several commands share.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace fidelio {

inline constexpr const char* kModelHelp =
    "A model directory, a GGUF file, a name in models/, or a Hugging Face id ORG/NAME[@REVISION]";

inline void add_load(CLI::App& command, std::string& load) {
  command
      .add_option("--load", load,
                  "How the weights come into memory: mmap maps the files, read copies them")
      ->capture_default_str()
      ->check(CLI::IsMember({"mmap", "read"}));
}

inline void add_allow_swap(CLI::App& command, bool& allow_swap) {
  command.add_flag("--allow-swap", allow_swap,
                   "Run a model even if it does not fit into the memory that is available");
}

}  // namespace fidelio
