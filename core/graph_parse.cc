// Parsing of graphs: lines become statements, statements become checked nodes. Text is untrusted:
// whatever does not fit is a GraphTextError with its line. Printing is core/graph_text.cc.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "core/graph_text.h"
#include "core/graph_text_cursor.h"
#include "core/quote.h"

namespace fidelio {

namespace {

Shape parse_shape(GraphTextCursor& cursor) {
  Shape shape;
  cursor.expect('[');
  do {
    if (cursor.accept('M')) {
      shape.push_back(kTokens);
    } else if (cursor.accept('L')) {
      shape.push_back(kWantedRows);
    } else if (cursor.accept('?')) {
      shape.push_back(kUnknown);
    } else {
      shape.push_back(cursor.number<std::int64_t>("a size, M, L or ?"));
      if (shape.back() < 1) cursor.fail("a size is at least 1");
    }
  } while (cursor.accept(','));
  cursor.expect(']');
  return shape;
}

/// `%a, %b = op @p, %x {k=v}`, names not yet looked up.
struct Statement {
  std::size_t line = 0;
  int layer = -1;
  const OpInfo* op = nullptr;
  std::vector<std::string> results;
  std::vector<std::string> params;
  std::vector<std::string> inputs;
  std::vector<std::pair<std::string, Attribute>> attributes;
  Shape shape;       // of an input
  std::string type;  // of an input, may be empty
};

class Parser {
 public:
  Graph parse(std::string_view text) {
    std::size_t number = 0;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      GraphTextCursor cursor(text.substr(0, end), ++number);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (!cursor.at_end()) parse_line(cursor);
    }
    for (const Statement& statement : statements_) {
      at_line(statement.line, [&] { build(statement); });
    }
    at_line(output_line_ == 0 ? number : output_line_, [&] { set_outputs(); });
    return std::move(graph_);
  }

 private:
  template <typename Action>
  static void at_line(std::size_t line, const Action& action) {
    try {
      action();
    } catch (const GraphError& error) {
      throw GraphTextError(line, error.what());
    }
  }

  void parse_line(GraphTextCursor& cursor) {
    if (output_line_ != 0) cursor.fail("nothing may follow the output line");
    if (cursor.accept('@')) {
      parse_declaration(cursor);
    } else if (cursor.accept('%')) {
      parse_statement(cursor);
    } else {
      const std::string keyword = cursor.word("@, %, layer or output");
      if (keyword == "layer") {
        parse_layer(cursor);
      } else if (keyword == "output") {
        output_line_ = cursor.line();
        do {
          outputs_.push_back(cursor.name('%'));
        } while (cursor.accept(','));
      } else {
        cursor.fail(fmt::format("expected layer or output, found {}", quote(keyword)));
      }
    }
    if (!cursor.at_end()) cursor.expected("a new line");
  }

  void parse_layer(GraphTextCursor& cursor) {
    if (cursor.accept('n')) {
      if (cursor.word("none") != "one") cursor.fail("expected a number or none");
      layer_ = -1;
      return;
    }
    layer_ = cursor.number<int>("a number or none");
    if (layer_ < 0) cursor.fail("a layer is not negative");
  }

  void parse_declaration(GraphTextCursor& cursor) {
    if (!statements_.empty()) cursor.fail("parameters are declared before the first op");
    Param param;
    param.name = cursor.word("a name", is_source_character);
    cursor.expect('=');
    param.kind = parse_kind(cursor);
    param.shape = parse_shape(cursor);
    const bool constant = param.kind == ParamKind::constant;
    if (!constant) parse_sources(cursor, param);
    if (constant && cursor.accept('{')) {
      do {
        param.data.push_back(cursor.number<float>("a number"));
      } while (cursor.accept(','));
      cursor.expect('}');
    }
    if (graph_.find_param(param.name)) cursor.fail(fmt::format("@{} twice", param.name));
    at_line(cursor.line(), [&] { graph_.add_param(std::move(param)); });
  }

  /// "from @a or @b", or "or @b" where the first is the parameter's name.
  static void parse_sources(GraphTextCursor& cursor, Param& param) {
    param.sources.push_back(param.name);
    while (!cursor.at_end()) {
      const std::string keyword = cursor.word("\"or\"");
      const bool only_name = param.sources.size() == 1 && param.sources[0] == param.name;
      if (keyword == "from" && only_name) {
        param.sources[0] = cursor.name('@');
      } else if (keyword == "or") {
        param.sources.push_back(cursor.name('@'));
      } else {
        cursor.fail("expected \"or\"");
      }
    }
  }

  static ParamKind parse_kind(GraphTextCursor& cursor) {
    const std::string kind = cursor.word("a kind");
    for (const ParamKindInfo& entry : all_param_kinds())
      if (entry.name == kind) return entry.kind;
    cursor.fail(fmt::format("{} is no kind of parameter", quote(kind)));
  }

  void parse_statement(GraphTextCursor& cursor) {
    Statement statement;
    statement.line = cursor.line();
    statement.layer = layer_;
    statement.results.push_back(cursor.word("a name"));
    while (cursor.accept(',')) statement.results.push_back(cursor.name('%'));
    cursor.expect('=');
    const std::string op = cursor.word("an op");
    statement.op = find_op(op);
    if (statement.op == nullptr) cursor.fail(fmt::format("no op {}", quote(op)));
    if (statement.op->op == Op::input) {
      statement.shape = parse_shape(cursor);
      if (!cursor.at_end()) statement.type = cursor.word("a type");
    } else {
      parse_operands(cursor, statement);
      if (cursor.accept('{')) parse_attributes(cursor, statement);
    }
    statements_.push_back(std::move(statement));
  }

  void parse_operands(GraphTextCursor& cursor, Statement& statement) {
    do {
      if (cursor.accept('@')) {
        if (!statement.inputs.empty()) cursor.fail("parameters stand before inputs");
        statement.params.push_back(cursor.word("a name"));
      } else {
        statement.inputs.push_back(cursor.name('%'));
        if (static_cast<int>(statement.inputs.size()) - 1 == statement.op->ids_input) {
          read_as_ids_.insert(statement.inputs.back());
        }
      }
    } while (cursor.accept(','));
  }

  static void parse_attributes(GraphTextCursor& cursor, Statement& statement) {
    do {
      const std::string name = cursor.word("an attribute");
      const AttributeInfo* attribute = statement.op->attribute(name);
      if (attribute == nullptr) {
        cursor.fail(fmt::format("{} has no attribute {}", statement.op->name, quote(name)));
      }
      cursor.expect('=');
      if (attribute->type == AttributeType::integer) {
        statement.attributes.emplace_back(name, cursor.number<std::int64_t>("an integer"));
      } else if (attribute->type == AttributeType::number) {
        statement.attributes.emplace_back(name, cursor.number<float>("a number"));
      } else {
        statement.attributes.emplace_back(name, cursor.word("a word"));
      }
    } while (cursor.accept(','));
    cursor.expect('}');
  }

  ValueId look_up(const std::string& name) const {
    const auto found = values_.find(name);
    if (found == values_.end()) {
      throw GraphError(fmt::format("%{} is read before it is made", name));
    }
    return found->second;
  }

  void build(const Statement& statement) {
    Node node;
    node.op = statement.op->op;
    node.layer = statement.layer;
    node.attributes = statement.attributes;
    for (std::size_t i = 0; i < statement.params.size(); ++i)
      node.params.push_back(param(statement.params[i], *statement.op, i));
    for (const std::string& name : statement.inputs) node.inputs.push_back(look_up(name));
    if (node.op == Op::input) {
      if (statement.results.size() != 1) throw GraphError("an input is one value");
      const std::string& name = statement.results[0];
      values_[name] = graph_.add_input(name, input_type(statement), statement.shape);
      last_results_ = {values_[name]};
    } else {
      last_results_ = graph_.add(std::move(node), statement.results);
      for (const ValueId id : last_results_) values_[graph_.value(id).name] = id;
    }
  }

  ParamId param(const std::string& name, const OpInfo& op, std::size_t index) {
    if (const auto known = graph_.find_param(name)) return *known;
    Param undeclared;
    undeclared.name = name;
    if (index >= op.params.size() + op.optional_params.size())
      throw GraphError(fmt::format("{} takes no parameter @{}", op.name, name));
    undeclared.kind = op.param_kind(index);
    return graph_.add_param(std::move(undeclared));
  }

  ValueType input_type(const Statement& statement) const {
    if (statement.type == "cache") return ValueType::cache;
    if (statement.type == "i32") return ValueType::i32;
    if (!statement.type.empty() && statement.type != "f32") {
      throw GraphError(fmt::format("no type {}", quote(statement.type)));
    }
    const bool as_ids = read_as_ids_.count(statement.results[0]) != 0;
    return statement.type.empty() && as_ids ? ValueType::i32 : ValueType::f32;
  }

  void set_outputs() {
    std::vector<ValueId> ids;
    for (const std::string& name : outputs_) ids.push_back(look_up(name));
    graph_.set_outputs(output_line_ == 0 ? last_results_ : ids);
    graph_.verify();
  }

  Graph graph_;
  std::vector<Statement> statements_;
  std::unordered_set<std::string> read_as_ids_;
  std::unordered_map<std::string, ValueId> values_;
  std::vector<ValueId> last_results_;
  std::vector<std::string> outputs_;
  std::size_t output_line_ = 0;
  int layer_ = -1;
};

}  // namespace

GraphTextError::GraphTextError(std::size_t line_number, const std::string& why)
    : std::runtime_error(fmt::format("line {}: {}", line_number, why)), line(line_number) {}

Graph parse_graph(std::string_view text) { return Parser().parse(text); }

}  // namespace fidelio
