#include "kernel/condition/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "kernel/expr/parser.h"

namespace pawl {
namespace {

expr::TypeRef one_of(std::vector<std::string> words) {
  return std::make_shared<const expr::Type>(
      expr::Type{.kind = expr::TypeKind::string, .choices = std::move(words)});
}

constexpr std::array<std::string_view, known_count> kNames = {"args",
                                                              "tool",
                                                              "agent",
                                                              "run.steps",
                                                              "run.tokens",
                                                              "run.cost_usd",
                                                              "run.elapsed_seconds",
                                                              "run.denials",
                                                              "run.stage",
                                                              "run.records",
                                                              "run.seen",
                                                              "class.reversibility",
                                                              "class.blast_radius",
                                                              "class.external_sink",
                                                              "env",
                                                              "now"};

expr::TypeRef type_of(Known which) {
  using expr::simple;
  using expr::TypeKind;
  switch (which) {
    case Known::args:
      return simple(TypeKind::dyn);
    case Known::tool:
    case Known::agent:
      return simple(TypeKind::string);
    case Known::run_steps:
    case Known::run_tokens:
    case Known::run_elapsed_seconds:
    case Known::run_denials:
      return simple(TypeKind::integer);
    case Known::run_cost_usd:
      return simple(TypeKind::number);
    case Known::run_stage:
      return one_of({"new", "established", "mature"});
    case Known::run_records:
    case Known::run_seen:
      return expr::map_of(simple(TypeKind::string), simple(TypeKind::integer));
    case Known::reversibility:
      return one_of({"read_only", "reversible", "irreversible"});
    case Known::blast_radius:
      return one_of({"small", "large"});
    case Known::external_sink:
      return simple(TypeKind::boolean);
    case Known::env:
      return one_of({"none", "development", "staging", "production"});
    case Known::now:
      return simple(TypeKind::timestamp);
  }
  return simple(TypeKind::dyn);
}

// Finds `run.records[…]` and `run.seen[…]` in a tree that nobody has resolved yet.
class Counting {
 public:
  Counting(const expr::Tree& tree, const expr::Source& source) : tree_(tree), source_(source) {}

  std::expected<std::vector<CountAsked>, expr::Errors> run() {
    for (const expr::Node& node : tree_.nodes) look(node);
    if (!errors_.empty()) return std::unexpected(std::move(errors_));
    for (const bool records : {true, false}) {
      const auto same = [records](const CountAsked& one) { return one.records == records; };
      if (std::ranges::count_if(found_, same) > static_cast<std::ptrdiff_t>(counts_max)) {
        errors_.push_back(expr::error_at(
            source_, 0, fmt::format("it asks for more than {} counts of `run`", counts_max)));
        return std::unexpected(std::move(errors_));
      }
    }
    return std::move(found_);
  }

 private:
  // Whether the node is the table of counts itself.
  bool is_table(const expr::Node& node, bool& records) const {
    if (node.form != expr::Form::select) return false;
    records = node.text == "records";
    if (!records && node.text != "seen") return false;
    const expr::Node& left = tree_[node.parts[0]];
    return left.form == expr::Form::name && left.text == "run";
  }

  void look(const expr::Node& node) {
    bool records = false;
    for (std::size_t i = 0; i < node.parts.size(); ++i) {
      const expr::Node& part = tree_[node.parts[i]];
      if (!is_table(part, records)) continue;
      const bool asked = i == 0 && node.form == expr::Form::call && node.text == "_[_]" &&
                         take(tree_[node.parts[1]], records);
      if (!asked) refuse(part);
    }
    if (&node == &tree_[tree_.root] && is_table(node, records)) refuse(node);
  }

  bool take(const expr::Node& key, bool records) {
    const bool named = key.form == expr::Form::literal && key.literal == expr::Literal::string;
    if (!named && (key.form != expr::Form::name || key.text != "tool")) return false;
    std::string name = named ? key.text : std::string();
    if (named && name.empty()) return false;
    const bool known = std::ranges::any_of(
        found_, [&](const CountAsked& one) { return one.records == records && one.name == name; });
    if (!known) found_.push_back({records, std::move(name), key.begin});
    return true;
  }

  void refuse(const expr::Node& table) {
    errors_.push_back(expr::error_at(
        source_, table.begin,
        fmt::format("`run.{0}` is asked for one name at a time: expected `run.{0}[\"NAME\"]` or "
                    "`run.{0}[tool]`",
                    table.text)));
  }

  const expr::Tree& tree_;
  const expr::Source& source_;
  std::vector<CountAsked> found_;
  expr::Errors errors_;
};

}  // namespace

std::string_view name_of(Known which) {
  return kNames[static_cast<std::size_t>(which)];
}

expr::Environment names_with(const expr::TypeRef& arguments,
                             std::span<const expr::Variable> extra) {
  expr::Environment names;
  for (std::size_t i = 0; i < known_count; ++i) {
    names.declare(std::string(kNames[i]), type_of(static_cast<Known>(i)));
  }
  if (arguments != nullptr) names.declare("args", arguments);
  for (const expr::Variable& variable : extra) names.declare(variable.name, variable.type);
  return names;
}

std::expected<std::vector<CountAsked>, expr::Errors> counts_asked(const expr::Source& source) {
  const bool none = source.text.find("records") == std::string_view::npos &&
                    source.text.find("seen") == std::string_view::npos;
  if (none) return {};
  const auto tree = expr::parse(source, expr::policy_limits);
  if (!tree) return {};
  return Counting(*tree, source).run();
}

}  // namespace pawl
