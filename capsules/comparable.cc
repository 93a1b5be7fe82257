#include "capsules/comparable.h"

#include <fmt/format.h>

namespace fidelio {
namespace {

/// The checksums of all prompts in order; what a message says of them is short.
std::string prompts_text(const Record& record) {
  std::string text;
  for (const PromptRecord& prompt : record.prompts)
    text += fmt::format("{}{}", text.empty() ? "" : ", ", prompt.ids_xxh3_128);
  return fmt::format("{} ({})", record.prompts.size(), text);
}

std::string processor_text(const HardwareRecord& hardware) {
  return fmt::format("{}, {} cores, {} processors{}{}", hardware.cpu_model, hardware.cores,
                     hardware.logical_cpus, hardware.hypervisor.empty() ? "" : ", ",
                     hardware.hypervisor);
}

class Differences {
 public:
  void add(const char* what, const std::string& a, const std::string& b, bool speed_alone = false) {
    if (a != b) found_.push_back({what, a, b, speed_alone});
  }
  void add(const char* what, std::int64_t a, std::int64_t b, bool speed_alone = false) {
    add(what, std::to_string(a), std::to_string(b), speed_alone);
  }
  std::vector<Incomparable> take() { return std::move(found_); }

 private:
  std::vector<Incomparable> found_;
};

}  // namespace

std::vector<Incomparable> incomparable(const Record& a, const Record& b) {
  constexpr bool kSpeedAlone = true;
  Differences out;
  out.add("weights", a.model.weights_xxh3_128, b.model.weights_xxh3_128);
  out.add("config", a.model.config_xxh3_128, b.model.config_xxh3_128);
  out.add("tokenizer", a.model.tokenizer_xxh3_128.value_or("none"),
          b.model.tokenizer_xxh3_128.value_or("none"));
  out.add("prompts", prompts_text(a), prompts_text(b));
  out.add("numerics version", a.numerics_version, b.numerics_version);
  out.add("max_tokens", a.options.max_tokens, b.options.max_tokens);
  out.add("ignore_eos", a.options.ignore_eos ? "true" : "false",
          b.options.ignore_eos ? "true" : "false");
  out.add("threads", a.options.threads, b.options.threads, kSpeedAlone);
  out.add("prefill_chunk", a.options.prefill_chunk, b.options.prefill_chunk, kSpeedAlone);
  out.add("vector target", a.hardware.vector_target, b.hardware.vector_target, kSpeedAlone);
  out.add("processor", processor_text(a.hardware), processor_text(b.hardware), kSpeedAlone);
  return out.take();
}

std::string incomparable_text(const std::vector<Incomparable>& reasons, bool with_speed) {
  std::string text;
  for (const Incomparable& reason : reasons)
    if (with_speed || !reason.speed_alone)
      text += fmt::format("{}{}: {} against {}", text.empty() ? "" : "; ", reason.what, reason.a,
                          reason.b);
  return text;
}

}  // namespace fidelio
