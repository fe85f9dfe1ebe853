#include "lang/cel/checker.h"

#include <fmt/format.h>

#include "base/text.h"
#include "lang/cel/checking.h"

namespace pawl::cel {

std::vector<TypeRef> check(const Tree& tree, const Environment& environment, const Source& source,
                           const TypeRef& result, Errors& errors) {
  return Checking(tree, environment, source, errors).run(result);
}

std::vector<TypeRef> Checking::run(const TypeRef& result) {
  const TypeRef found = visit(tree_.root);
  if (result != nullptr && errors_.empty() && !unifier_.fits(result, found)) {
    wrong(tree_.root,
          fmt::format("this is of type {}, expected {}", shown(found), to_string(*result)));
  }
  for (TypeRef& type : types_) type = unifier_.deep(type);
  return std::move(types_);
}

TypeRef Checking::wrong(NodeId at, std::string message) {
  errors_.push_back(error_at(source_, tree_[at].offset, std::move(message)));
  return simple(TypeKind::error);
}

std::string Checking::written(NodeId id) const {
  const Node& node = tree_[id];
  switch (node.form) {
    case Form::name:
    case Form::local:
      return node.text;
    case Form::variable:
      return environment_.variables()[node.slot].name;
    case Form::select:
      return written(node.parts[0]) + (node.optional ? ".?" : ".") + node.text;
    case Form::literal:
    case Form::type_name:
    case Form::call:
    case Form::list:
    case Form::map:
    case Form::all_of:
    case Form::any_of:
    case Form::choice:
    case Form::fold:
    case Form::bind:
    case Form::map_option:
      return "...";
  }
  return {};
}

const TypeRef& Checking::visit(NodeId id) {
  TypeRef found = type_of(id);
  types_[id] = std::move(found);
  return types_[id];
}

TypeRef Checking::type_of(NodeId id) {
  const Node& node = tree_[id];
  switch (node.form) {
    case Form::literal:
      return literal(node);
    case Form::name:
      return name(id);
    case Form::variable:
      return environment_.variables()[node.slot].type;
    case Form::local:
      return frame_[node.slot];
    case Form::type_name:
      return simple(TypeKind::type);
    case Form::select:
      return select(id);
    case Form::call:
      return call(id);
    case Form::list:
      return list(node);
    case Form::map:
      return map(id);
    case Form::all_of:
    case Form::any_of:
      return conditions(id);
    case Form::choice:
      return choice(id);
    case Form::fold:
      return fold(id);
    case Form::bind:
      return bind(node);
    case Form::map_option:
      return map_option(id);
  }
  return simple(TypeKind::error);
}

TypeRef Checking::literal(const Node& node) const {
  switch (node.literal) {
    case Literal::null:
      return simple(TypeKind::null);
    case Literal::boolean:
      return simple(TypeKind::boolean);
    case Literal::integer:
      return simple(TypeKind::integer);
    case Literal::natural:
      return simple(TypeKind::natural);
    case Literal::number:
      return simple(TypeKind::number);
    case Literal::string:
      return simple(TypeKind::string);
    case Literal::bytes:
      return simple(TypeKind::bytes);
  }
  return simple(TypeKind::error);
}

TypeRef Checking::name(NodeId id) {
  return unknown(id, tree_[id].text);
}

TypeRef Checking::unknown(NodeId id, std::string_view name) {
  std::vector<std::string> known;
  for (const Variable& variable : environment_.variables()) known.push_back(variable.name);
  const std::string near = closest_match(name, known);
  std::string message = fmt::format("there is no `{}` here", escape_untrusted(name));
  if (!near.empty()) message += fmt::format("; `{}` is meant?", near);
  return wrong(id, std::move(message));
}

TypeRef Checking::list(const Node& node) {
  TypeRef element;
  for (std::size_t i = 0; i < node.parts.size(); ++i) {
    TypeRef type = visit(node.parts[i]);
    if (node.optional_parts[i]) {
      const TypeRef inner = unifier_.fresh();
      if (!unifier_.fits(optional_of(inner), type)) {
        wrong(node.parts[i], fmt::format("`?` needs an optional, and this is {}", shown(type)));
      }
      type = inner;
    }
    element = element == nullptr ? type : unifier_.join(element, type);
  }
  return list_of(element == nullptr ? unifier_.fresh() : element);
}

TypeRef Checking::map(NodeId id) {
  const Node& node = tree_[id];
  TypeRef key, value;
  for (std::size_t i = 0; i < node.parts.size(); i += 2) {
    const TypeRef key_type = visit(node.parts[i]);
    const TypeKind kind = unifier_.shallow(key_type)->kind;
    if (kind == TypeKind::number || kind == TypeKind::null || kind == TypeKind::list ||
        kind == TypeKind::map || kind == TypeKind::bytes) {
      wrong(node.parts[i], fmt::format("a key is a bool, a number without a point or a string, "
                                       "and this is {}",
                                       shown(key_type)));
    }
    TypeRef value_type = visit(node.parts[i + 1]);
    if (node.optional_parts[i / 2]) {
      const TypeRef inner = unifier_.fresh();
      if (!unifier_.fits(optional_of(inner), value_type)) {
        wrong(node.parts[i + 1],
              fmt::format("`?` needs an optional, and this is {}", shown(value_type)));
      }
      value_type = inner;
    }
    key = key == nullptr ? key_type : unifier_.join(key, key_type);
    value = value == nullptr ? value_type : unifier_.join(value, value_type);
  }
  if (key == nullptr) return map_of(unifier_.fresh(), unifier_.fresh());
  return map_of(key, value);
}

void Checking::want_bool(NodeId id) {
  const TypeRef type = visit(id);
  if (!unifier_.fits(simple(TypeKind::boolean), type)) {
    wrong(id, fmt::format("a condition is a bool, and this is {}", shown(type)));
  }
}

TypeRef Checking::conditions(NodeId id) {
  const bool truth = tree_[id].form == Form::all_of;
  const std::size_t before = facts_.size();
  for (const NodeId part : tree_[id].parts) {
    want_bool(part);
    // What follows is only reached, or only matters, where this part did not decide.
    facts_when(part, truth, facts_);
  }
  facts_.resize(before);
  return simple(TypeKind::boolean);
}

TypeRef Checking::choice(NodeId id) {
  const Node& node = tree_[id];
  want_bool(node.parts[0]);
  const std::size_t before = facts_.size();
  facts_when(node.parts[0], true, facts_);
  const TypeRef yes = visit(node.parts[1]);
  facts_.resize(before);
  facts_when(node.parts[0], false, facts_);
  const TypeRef no = visit(node.parts[2]);
  facts_.resize(before);
  const TypeRef both = unifier_.fresh();
  if (unifier_.fits(both, yes) && unifier_.fits(both, no)) return both;
  return wrong(id, fmt::format("one side of `?:` is {}, the other {}", shown(yes), shown(no)));
}

void Checking::bind_range(NodeId id, const TypeRef& range) {
  const Node& node = tree_[id];
  const TypeRef found = unifier_.shallow(range);
  const bool two = node.variables.size() == 2;
  TypeRef first = simple(TypeKind::dyn), second = simple(TypeKind::dyn);
  if (found->kind == TypeKind::list) {
    first = two ? simple(TypeKind::integer) : found->parts[0];
    second = found->parts[0];
  } else if (found->kind == TypeKind::map) {
    first = found->parts[0];
    second = found->parts[1];
  } else if (found->kind == TypeKind::record) {
    first = simple(TypeKind::string);
  } else if (found->kind != TypeKind::dyn && found->kind != TypeKind::error &&
             found->kind != TypeKind::variable) {
    wrong(id, fmt::format("`{}` goes through a list or a map, and this is {}",
                          tree_[id].variables.empty() ? "" : "a macro", shown(range)));
  }
  frame_[node.frame_slots[0]] = first;
  if (two) frame_[node.frame_slots[1]] = second;
}

TypeRef Checking::fold(NodeId id) {
  const Node& node = tree_[id];
  const TypeRef range = visit(node.parts[0]);
  bind_range(id, range);
  const TypeRef first = frame_[node.frame_slots[0]];
  const std::size_t before = facts_.size();
  if (node.parts.size() == 3) {
    want_bool(node.parts[2]);
    facts_when(node.parts[2], true, facts_);
  }
  const bool condition = node.fold == Fold::all || node.fold == Fold::exists ||
                         node.fold == Fold::exists_one || node.fold == Fold::filter;
  if (condition) want_bool(node.parts[1]);
  const TypeRef body = condition ? simple(TypeKind::boolean) : visit(node.parts[1]);
  facts_.resize(before);
  if (node.fold == Fold::filter) return list_of(first);
  if (node.fold == Fold::map) return list_of(body);
  if (node.fold == Fold::transform_map) return map_of(first, body);
  if (node.fold == Fold::transform_entry) {
    const TypeRef entry = map_of(unifier_.fresh(), unifier_.fresh());
    if (unifier_.fits(entry, body)) return entry;
    return wrong(id, fmt::format("`transformMapEntry` makes maps, and this is {}", shown(body)));
  }
  return simple(TypeKind::boolean);
}

TypeRef Checking::map_option(NodeId id) {
  const Node& node = tree_[id];
  const TypeRef inner = unifier_.fresh();
  const TypeRef target = visit(node.parts[0]);
  if (!unifier_.fits(optional_of(inner), target)) {
    return wrong(id, fmt::format("this needs an optional, and not {}", shown(target)));
  }
  frame_[node.frame_slots[0]] = inner;
  const TypeRef body = visit(node.parts[1]);
  if (node.fold == Fold::option_map) return optional_of(body);
  const TypeRef flat = optional_of(unifier_.fresh());
  if (unifier_.fits(flat, body)) return flat;
  return wrong(id, fmt::format("`optFlatMap` makes an optional, and this is {}", shown(body)));
}

TypeRef Checking::bind(const Node& node) {
  frame_[node.frame_slots[0]] = visit(node.parts[0]);
  return visit(node.parts[1]);
}

}  // namespace pawl::cel
