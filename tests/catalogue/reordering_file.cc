#include "tests/catalogue/reordering_file.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "core/nearest_name.h"
#include "core/quote.h"
#include "tests/catalogue/json_object.h"
#include "tests/support/oracles.h"

namespace fidelio::catalogue {
namespace {

constexpr Op kReordered[] = {Op::linear,       Op::gather_matmul, Op::gate_up_swiglu,
                             Op::down_combine, Op::add_rms_norm,  Op::router_topk};

constexpr std::pair<const char*, Reduction> kReductions[] = {{"tree", Reduction::tree},
                                                             {"neighbours", Reduction::neighbours},
                                                             {"sequential", Reduction::sequential},
                                                             {"reverse", Reduction::reverse}};

constexpr std::pair<const char*, ExpertSum> kExpertSums[] = {
    {"strongest_first", ExpertSum::strongest_first},
    {"weakest_first", ExpertSum::weakest_first},
    {"by_id", ExpertSum::by_id},
    {"pairwise", ExpertSum::pairwise}};

template <typename Value, std::size_t kSize>
Value choose(JsonObject& json, const std::string& key,
             const std::pair<const char*, Value> (&table)[kSize]) {
  const std::string name = json.text_or(key, table[0].first);
  std::vector<std::string> known;
  for (const auto& [each, value] : table) {
    if (name == each) return value;
    known.emplace_back(each);
  }
  json.fail(fmt::format("{}: no {}{}", key, quote(name), did_you_mean(name, known)));
}

std::size_t count_or(JsonObject& json, const std::string& key, std::size_t otherwise,
                     std::size_t least) {
  const double value = json.number_or(key, static_cast<double>(otherwise));
  if (!(value >= static_cast<double>(least) && value <= 1024) || value != std::floor(value))
    json.fail(
        fmt::format("{}: found {}, expected a whole number from {} to 1024", key, value, least));
  return static_cast<std::size_t>(value);
}

Op reordered_op(const JsonObject& json, const std::string& name) {
  std::vector<std::string> known;
  for (const Op op : kReordered) {
    if (info(op).name == name) return op;
    known.emplace_back(info(op).name);
  }
  json.fail(
      fmt::format("ops: no reordered kernel for {}{}", quote(name), did_you_mean(name, known)));
}

SumOrder parse_sum(JsonObject json) {
  SumOrder sum;
  sum.pairwise = json.flag_or("pairwise", false);
  sum.leaf = count_or(json, "leaf", sum.leaf, 1);
  if (json.has("leaf") && !sum.pairwise) json.fail("leaf: only of a pairwise sum");
  sum.lanes = count_or(json, "lanes", 1, 1);
  sum.blocks = json.flag_or("blocks", false);
  sum.descending = json.flag_or("descending", false);
  sum.fma = json.flag_or("fma", true);
  sum.float64 = json.flag_or("float64", false);
  sum.reduction = choose(json, "reduction", kReductions);
  for (const char* key : {"lanes", "blocks", "descending", "reduction"})
    if (sum.pairwise && json.has(key)) json.fail(fmt::format("{}: not of a pairwise sum", key));
  json.refuse_others();
  return sum;
}

/// Both kinds where the file does not choose.
void parse_routers(JsonObject& json, Reordering& out) {
  const std::string kind = json.text_or("routers", "both");
  if (kind != "both" && kind != "random" && kind != "tied")
    json.fail(fmt::format("routers: found {}, expected random, tied or both", quote(kind)));
  out.random_routers = kind != "tied";
  out.tied_routers = kind != "random";
}

}  // namespace

Reordering read_reordering(const std::filesystem::path& file) {
  JsonObject json(file);
  Reordering out;
  out.name = file.stem().string();
  out.summary = json.text("summary");
  for (const std::string& name : json.texts("ops")) out.ops.insert(reordered_op(json, name));
  out.sum = parse_sum(json.object_or_empty("sum"));
  out.experts = choose(json, "experts", kExpertSums);
  if (json.has("experts") && out.ops.count(Op::down_combine) == 0)
    json.fail("experts: only where down_combine is reordered");
  out.models = json.texts("models");
  for (const std::string& model : out.models) {
    if (!std::filesystem::exists(testing::kOracles / model / "config.json"))
      json.fail(fmt::format("models: no checkpoint {} in tests/data/oracles", quote(model)));
  }
  parse_routers(json, out);
  const bool false_one = file.parent_path().filename() == "false_reorderings";
  if (false_one) {
    out.dropped_tail = count_or(json, "dropped_tail", 0, 0);
    out.misroute_gap = json.number_or("misroute_gap", 0);
    if (!out.is_defect()) json.fail("a false reordering needs dropped_tail or misroute_gap");
    if (out.misroute_gap > 0 && out.ops.count(Op::router_topk) == 0)
      json.fail("misroute_gap: only where router_topk is reordered");
  }
  json.refuse_others();
  return out;
}

}  // namespace fidelio::catalogue
