// Macros: calls that bind names, or that ask whether something is there. They are told by name and
// number of arguments; with another number the call is an ordinary one, and there is no such
// function.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "lang/cel/parsing.h"

namespace pawl::cel {
namespace {

struct Macro {
  std::string_view name;
  Fold fold;
  std::uint32_t variables;
  std::uint32_t bodies;  // two: a filter, then the body
};

constexpr auto kMacros = std::to_array<Macro>({
    {"all", Fold::all, 1, 1},
    {"all", Fold::all, 2, 1},
    {"exists", Fold::exists, 1, 1},
    {"exists", Fold::exists, 2, 1},
    {"exists_one", Fold::exists_one, 1, 1},
    {"exists_one", Fold::exists_one, 2, 1},
    {"existsOne", Fold::exists_one, 1, 1},
    {"existsOne", Fold::exists_one, 2, 1},
    {"map", Fold::map, 1, 1},
    {"map", Fold::map, 1, 2},
    {"filter", Fold::filter, 1, 1},
    {"transformList", Fold::map, 2, 1},
    {"transformList", Fold::map, 2, 2},
    {"transformMap", Fold::transform_map, 2, 1},
    {"transformMap", Fold::transform_map, 2, 2},
    {"transformMapEntry", Fold::transform_entry, 2, 1},
    {"transformMapEntry", Fold::transform_entry, 2, 2},
    {"optMap", Fold::option_map, 1, 1},
    {"optFlatMap", Fold::option_flat_map, 1, 1},
});

}  // namespace

Parsing::Made Parsing::finish_call(const Token& function, std::optional<NodeId> target,
                                   std::vector<NodeId> given) {
  if (!target && function.text == "has" && given.size() == 1) return has_macro(function, given[0]);
  if (target) {
    const Node& node = tree_[*target];
    const bool cel = node.form == Form::name && node.text == "cel" && function.text == "bind";
    if (cel && given.size() == 3) {
      Node bind;
      bind.form = Form::bind;
      bind.offset = function.offset;
      if (!variables(function, std::span(given).first(1), bind.variables)) return {};
      bind.parts = {given[1], given[2]};
      return add(std::move(bind));
    }
    const bool macro = std::ranges::any_of(kMacros, [&](const Macro& row) {
      return row.name == function.text && row.variables + row.bodies == given.size();
    });
    if (macro) return fold_macro(function, *target, given);
    given.insert(given.begin(), *target);
  }
  Node node;
  node.form = Form::call;
  node.text = function.text;
  node.offset = function.offset;
  node.receiver = target.has_value();
  node.parts = std::move(given);
  return add(std::move(node));
}

Parsing::Made Parsing::has_macro(const Token& function, NodeId field) {
  Node& node = tree_[field];
  if (node.form != Form::select || node.present) {
    return wrong(function, "`has` asks for a field, such as `has(args.note)`");
  }
  node.present = true;
  return field;
}

bool Parsing::variables(const Token& function, std::span<const NodeId> given,
                        std::vector<std::string>& names) {
  for (const NodeId id : given) {
    const Node& node = tree_[id];
    if (node.form != Form::name || node.absolute) {
      wrong(function, fmt::format("`{}` needs a new name first, such as `{}(x, ...)`",
                                  function.text, function.text));
      return false;
    }
    if (std::ranges::find(names, node.text) != names.end()) {
      wrong(function, fmt::format("`{}` is named twice", node.text));
      return false;
    }
    names.push_back(node.text);
  }
  return true;
}

Parsing::Made Parsing::fold_macro(const Token& function, NodeId range,
                                  const std::vector<NodeId>& given) {
  const auto row = std::ranges::find_if(kMacros, [&](const Macro& each) {
    return each.name == function.text && each.variables + each.bodies == given.size();
  });
  Node node;
  const bool option = row->fold == Fold::option_map || row->fold == Fold::option_flat_map;
  node.form = option ? Form::map_option : Form::fold;
  node.fold = row->fold;
  node.offset = function.offset;
  const auto names = std::span(given).first(row->variables);
  if (!variables(function, names, node.variables)) return {};
  node.parts = {range, given.back()};
  if (row->bodies == 2) node.parts.push_back(given[row->variables]);
  return add(std::move(node));
}

}  // namespace pawl::cel
