#include "tests/catalogue/defect_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/nearest_name.h"
#include "core/quote.h"
#include "core/user_error.h"
#include "patches/catalogue.h"
#include "tests/catalogue/json_object.h"
#include "tests/support/oracles.h"

namespace fidelio::catalogue {
namespace {

Op parse_op(JsonObject& json) {
  const std::string name = json.text("op");
  if (const OpInfo* op = find_op(name)) return op->op;
  std::vector<std::string> known;
  for (const OpInfo& op : all_ops()) known.emplace_back(op.name);
  json.fail(fmt::format("no op {}{}", quote(name), did_you_mean(name, known)));
}

Fault parse_fault(JsonObject& json) {
  Fault fault;
  fault.name = json.text("fault");
  fault.op = parse_op(json);
  const FaultKind* kind = find_fault_kind(fault.name);
  if (kind == nullptr) {
    std::vector<std::string> known;
    for (const FaultKind& each : fault_kinds()) known.push_back(each.name);
    json.fail(fmt::format("no fault {}{}", quote(fault.name), did_you_mean(fault.name, known)));
  }
  const bool fits = std::find(kind->ops.begin(), kind->ops.end(), fault.op) != kind->ops.end();
  if (!fits && fault.name != "none")
    json.fail(fmt::format("the fault {} cannot be planted in {}", fault.name, info(fault.op).name));
  JsonObject numbers = json.object_or_empty("parameters");
  for (const auto& [name, otherwise] : kind->needs)
    fault.numbers[name] = numbers.number_or(name, otherwise);
  if (const double n = kind->needs.count("elements") != 0 ? fault.numbers["elements"] : 1;
      n != std::floor(n) || !(n >= 1 && n <= 16))
    numbers.fail(fmt::format("elements: found {}, expected a whole number from 1 to 16", n));
  if (fault.op == Op::linear) fault.matrix = numbers.text_or("matrix", "");
  numbers.refuse_others();
  return fault;
}

std::vector<Trigger> parse_triggers(JsonObject& json) {
  if (json.is_text("triggers")) {
    if (json.text("triggers") != "all") json.fail("triggers: expected \"all\" or a list");
    return {all_triggers().begin(), all_triggers().end()};
  }
  std::vector<Trigger> out;
  for (const std::string& name : json.texts("triggers"))
    out.push_back(parse_trigger(name, json.where()));
  return out;
}

void check_models(const JsonObject& json, const std::vector<std::string>& models) {
  for (const std::string& model : models) {
    if (!std::filesystem::exists(testing::kOracles / model / "config.json"))
      json.fail(fmt::format("models: no checkpoint {} in tests/data/oracles", quote(model)));
  }
}

}  // namespace

DefectFile read_defect(const std::filesystem::path& file) {
  JsonObject json(file);
  DefectFile out;
  out.name = file.stem().string();
  out.summary = json.text("summary");
  out.fault = parse_fault(json);
  out.patch = json.text_or("patch", "");
  const bool fused = info(out.fault.op).fused;
  if (out.patch != (fused ? std::string(info(out.fault.op).name) : ""))
    json.fail(fmt::format("patch: found {}, but {} is {}", quote(out.patch),
                          info(out.fault.op).name,
                          fused ? "a fused op and named like its patch" : "an op no patch writes"));
  out.models = json.texts("models");
  check_models(json, out.models);
  out.triggers = parse_triggers(json);
  json.refuse_others();
  return out;
}

std::vector<std::filesystem::path> json_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace fidelio::catalogue
