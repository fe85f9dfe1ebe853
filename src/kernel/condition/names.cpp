#include "kernel/condition/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "lang/cel/parser.h"

namespace pawl {
namespace {

cel::TypeRef one_of(std::vector<std::string> words) {
  return std::make_shared<const cel::Type>(
      cel::Type{.kind = cel::TypeKind::string, .choices = std::move(words)});
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

cel::TypeRef type_of(Known which) {
  using cel::simple;
  using cel::TypeKind;
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
      return cel::map_of(simple(TypeKind::string), simple(TypeKind::integer));
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

// Finds `run.records[…]` and `run.seen[…]` in a tree that is not resolved yet.
class Counting {
 public:
  Counting(const cel::Tree& tree, const cel::Source& source) : tree_(tree), source_(source) {}

  std::expected<std::vector<CountAsked>, cel::Errors> run() {
    for (const cel::Node& node : tree_.nodes) look(node);
    if (!errors_.empty()) return std::unexpected(std::move(errors_));
    for (const bool records : {true, false}) {
      const auto same = [records](const CountAsked& one) { return one.records == records; };
      if (std::ranges::count_if(found_, same) > static_cast<std::ptrdiff_t>(counts_max)) {
        errors_.push_back(cel::error_at(
            source_, 0, fmt::format("it asks for more than {} counts of `run`", counts_max)));
        return std::unexpected(std::move(errors_));
      }
    }
    return std::move(found_);
  }

 private:
  // Whether the node is the table of counts itself.
  bool is_table(const cel::Node& node, bool& records) const {
    if (node.form != cel::Form::select) return false;
    records = node.text == "records";
    if (!records && node.text != "seen") return false;
    const cel::Node& left = tree_[node.parts[0]];
    return left.form == cel::Form::name && left.text == "run";
  }

  void look(const cel::Node& node) {
    bool records = false;
    for (std::size_t i = 0; i < node.parts.size(); ++i) {
      const cel::Node& part = tree_[node.parts[i]];
      if (!is_table(part, records)) continue;
      const bool asked = i == 0 && node.form == cel::Form::call && node.text == "_[_]" &&
                         take(tree_[node.parts[1]], records);
      if (!asked) refuse(part);
    }
    if (&node == &tree_[tree_.root] && is_table(node, records)) refuse(node);
  }

  bool take(const cel::Node& key, bool records) {
    const bool named = key.form == cel::Form::literal && key.literal == cel::Literal::string;
    if (!named && (key.form != cel::Form::name || key.text != "tool")) return false;
    std::string name = named ? key.text : std::string();
    if (named && name.empty()) return false;
    const bool known = std::ranges::any_of(
        found_, [&](const CountAsked& one) { return one.records == records && one.name == name; });
    if (!known) found_.push_back({records, std::move(name), key.begin});
    return true;
  }

  void refuse(const cel::Node& table) {
    errors_.push_back(cel::error_at(
        source_, table.begin,
        fmt::format("`run.{0}` is asked for one name at a time: expected `run.{0}[\"NAME\"]` or "
                    "`run.{0}[tool]`",
                    table.text)));
  }

  const cel::Tree& tree_;
  const cel::Source& source_;
  std::vector<CountAsked> found_;
  cel::Errors errors_;
};

}  // namespace

std::string_view name_of(Known which) {
  return kNames[static_cast<std::size_t>(which)];
}

cel::Environment names_with(const cel::TypeRef& arguments, std::span<const cel::Variable> extra) {
  cel::Environment names;
  for (std::size_t i = 0; i < known_count; ++i) {
    names.declare(std::string(kNames[i]), type_of(static_cast<Known>(i)));
  }
  if (arguments != nullptr) names.declare("args", arguments);
  for (const cel::Variable& variable : extra) names.declare(variable.name, variable.type);
  return names;
}

std::expected<std::vector<CountAsked>, cel::Errors> counts_asked(const cel::Source& source) {
  const bool none = source.text.find("records") == std::string_view::npos &&
                    source.text.find("seen") == std::string_view::npos;
  if (none) return {};
  const auto tree = cel::parse(source, cel::policy_limits);
  if (!tree) return {};
  return Counting(*tree, source).run();
}

}  // namespace pawl
