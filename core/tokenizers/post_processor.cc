#include "core/tokenizers/post_processor.h"

#include "core/tokenizers/json_step.h"

namespace fidelio::tokenizers {

namespace {

/// special_tokens.NAME.ids of a TemplateProcessing.
std::vector<std::int32_t> ids_of(const JsonStep& step, const std::string& name,
                                 std::int64_t id_bound) {
  const nlohmann::json* tokens = step.reader().find("special_tokens");
  const bool known = tokens != nullptr && tokens->is_object() && tokens->contains(name) &&
                     (*tokens)[name].is_object() && (*tokens)[name].contains("ids") &&
                     (*tokens)[name]["ids"].is_array();
  if (!known) step.reader().fail("special_tokens", "no ids of " + quote(name), "a list of ids");
  std::vector<std::int32_t> ids;
  for (const nlohmann::json& id : (*tokens)[name]["ids"]) {
    ids.push_back(
        static_cast<std::int32_t>(step.reader().integer_of("special_tokens", id, 0, id_bound - 1)));
  }
  return ids;
}

PromptFrame read_template(const JsonStep& step, std::int64_t id_bound) {
  static constexpr const char* kExpected =
      "a list of {\"SpecialToken\": {\"id\": \"...\"}} with {\"Sequence\": {\"id\": \"A\"}} once";
  step.allow({"single", "pair", "special_tokens"});
  const ConfigReader reader = step.reader();
  const nlohmann::json* list = reader.find("single");
  if (list == nullptr) reader.missing("single", kExpected);
  if (!list->is_array() || list->size() > kMaxSteps) reader.refuse("single", *list, kExpected);
  PromptFrame frame;
  bool seen_text = false;
  for (const nlohmann::json& entry : *list) {
    const bool well_formed = entry.is_object() && entry.size() == 1 && entry.begin()->is_object() &&
                             entry.begin()->contains("id") && (*entry.begin())["id"].is_string();
    if (!well_formed) reader.refuse("single", entry, kExpected);
    const std::string id = (*entry.begin())["id"].get<std::string>();
    if (entry.contains("SpecialToken")) {
      auto& side = seen_text ? frame.suffix : frame.prefix;
      const std::vector<std::int32_t> ids = ids_of(step, id, id_bound);
      side.insert(side.end(), ids.begin(), ids.end());
    } else if (entry.contains("Sequence") && id == "A" && !seen_text) {
      seen_text = true;
    } else {
      reader.refuse("single", entry, kExpected);
    }
  }
  if (!seen_text) reader.refuse("single", *list, kExpected);
  return frame;
}

}  // namespace

PromptFrame read_post_processor(const JsonStep& step, std::int64_t id_bound) {
  const std::string type = step.type();
  if (type == "ByteLevel") {
    step.allow({"add_prefix_space", "trim_offsets", "use_regex"});  // offsets are not ours
    return {};
  }
  if (type == "TemplateProcessing") return read_template(step, id_bound);
  if (type != "Sequence") step.refuse_type("ByteLevel, TemplateProcessing or Sequence");
  step.allow({"processors"});
  PromptFrame frame;
  for (const JsonStep& inner : step.steps("processors")) {
    const PromptFrame outer = read_post_processor(inner, id_bound);
    frame.prefix.insert(frame.prefix.begin(), outer.prefix.begin(), outer.prefix.end());
    frame.suffix.insert(frame.suffix.end(), outer.suffix.begin(), outer.suffix.end());
  }
  return frame;
}

}  // namespace fidelio::tokenizers
