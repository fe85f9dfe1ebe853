#include "lang/cel/checker.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

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

// Functions: which of their forms fit the arguments.

namespace {

bool is_operator(std::string_view name) {
  return name.starts_with('_') || name.ends_with('_');
}

// `_+_` as it is written: `+`.
std::string bare(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c != '_') out += c;
  }
  return out;
}

bool is_text(const Node& node) {
  return node.form == Form::literal && node.literal == Literal::string;
}

}  // namespace

TypeRef Checking::call(NodeId id) {
  const Node& node = tree_[id];
  for (const NodeId part : node.parts) visit(part);
  const bool index = node.text == "_[_]" || node.text == "_[?_]";
  if (index && is_text(tree_[node.parts[1]])) {
    const TypeRef target = unifier_.shallow(types_[node.parts[0]]);
    const bool option = target->kind == TypeKind::optional;
    const TypeRef inner = option ? unifier_.shallow(target->parts[0]) : target;
    if (inner->kind == TypeKind::record) {
      const TypeRef found = field_of(id, node.parts[0], inner, tree_[node.parts[1]].text,
                                     option || node.text == "_[?_]");
      return option || node.text == "_[?_]" ? optional_of(found) : found;
    }
  }
  if (const Function* function = find_function(node.text)) {
    return call_of(id, function->signatures);
  }
  std::vector<Signature> declared;
  for (const Declared& each : environment_.functions()) {
    if (each.name == node.text) {
      declared.push_back({each.receiver, each.parameters, each.result});
    }
  }
  return declared.empty() ? unknown_function(id) : call_of(id, declared);
}

TypeRef Checking::unknown_function(NodeId id) {
  const Node& node = tree_[id];
  std::vector<std::string> known;
  for (const Function& each : functions()) {
    if (!is_operator(each.name)) known.emplace_back(each.name);
  }
  for (const std::string_view macro : {"has", "all", "exists", "exists_one", "map", "filter"}) {
    known.emplace_back(macro);
  }
  const std::string near = closest_match(node.text, known);
  std::string message = fmt::format("there is no function `{}`", escape_untrusted(node.text));
  if (near == node.text) {
    message = fmt::format("`{}` takes other arguments", node.text);
  } else if (!near.empty()) {
    message += fmt::format("; `{}` is meant?", near);
  }
  return wrong(id, std::move(message));
}

std::vector<Checking::Match> Checking::matches(const Node& node,
                                               const std::vector<Signature>& signatures) {
  std::vector<Match> found;
  const auto before = unifier_.mark();
  for (const Signature& signature : signatures) {
    if (signature.receiver != node.receiver || signature.parameters.size() != node.parts.size()) {
      continue;
    }
    std::vector<TypeRef> types = signature.parameters;
    types.push_back(signature.result);
    types = unifier_.instantiate(types);
    bool fits = true;
    for (std::size_t i = 0; fits && i < node.parts.size(); ++i) {
      fits = unifier_.fits(types[i], types_[node.parts[i]]);
    }
    if (fits) found.push_back({types.back(), unifier_.mark()});
    unifier_.go_back(before);
  }
  return found;
}

TypeRef Checking::call_of(NodeId id, const std::vector<Signature>& signatures) {
  const Node& node = tree_[id];
  const bool broken = std::ranges::any_of(node.parts, [&](NodeId part) {
    return unifier_.shallow(types_[part])->kind == TypeKind::error;
  });
  if (broken) return simple(TypeKind::error);
  check_choices(node);
  std::vector<Match> found = matches(node, signatures);
  if (found.empty()) {
    const bool equality = node.text == "_==_" || node.text == "_!=_";
    if (equality && numbers(node)) return simple(TypeKind::boolean);
    return no_overload(id, signatures);
  }
  // Where an argument is dyn several forms may fit, and only the run knows which.
  unifier_.go_back(std::move(found[0].bindings));
  const std::string first = shown(found[0].result);
  for (std::size_t i = 1; i < found.size(); ++i) {
    if (found[i].result->kind == TypeKind::variable || shown(found[i].result) != first) {
      return simple(TypeKind::dyn);
    }
  }
  return found[0].result;
}

bool Checking::numbers(const Node& node) const {
  return std::ranges::all_of(node.parts, [&](NodeId part) {
    const TypeKind kind = unifier_.shallow(types_[part])->kind;
    return kind == TypeKind::integer || kind == TypeKind::natural || kind == TypeKind::number;
  });
}

TypeRef Checking::no_overload(NodeId id, const std::vector<Signature>& signatures) {
  const Node& node = tree_[id];
  std::vector<std::string> given;
  for (const NodeId part : node.parts) given.push_back(shown(types_[part]));
  if (is_operator(node.text)) {
    return wrong(
        id, fmt::format("`{}` does not work with {}", bare(node.text), fmt::join(given, " and ")));
  }
  std::string receiver;
  if (node.receiver) {
    receiver = given.front() + ".";
    given.erase(given.begin());
  }
  std::string message = fmt::format("there is no {}{}({})", receiver, escape_untrusted(node.text),
                                    fmt::join(given, ", "));
  std::vector<std::string> forms;
  for (const Signature& each : signatures) {
    std::vector<std::string> wanted;
    for (const TypeRef& type : each.parameters) wanted.push_back(to_string(*type));
    std::string before;
    if (each.receiver) {
      before = wanted.front() + ".";
      wanted.erase(wanted.begin());
    }
    forms.push_back(fmt::format("{}{}({})", before, node.text, fmt::join(wanted, ", ")));
  }
  constexpr std::size_t shown_max = 4;
  if (forms.size() > shown_max) forms.resize(shown_max);
  return wrong(id, fmt::format("{}; expected {}", message, fmt::join(forms, ", or ")));
}

// A text that is compared with a closed set has to be one of it, else the answer is always the
// same, which is not what the author meant.
void Checking::check_choices(const Node& node) {
  if (node.parts.size() != 2) return;
  if (node.text == "_==_" || node.text == "_!=_") {
    check_choice(types_[node.parts[0]], node.parts[1]);
    check_choice(types_[node.parts[1]], node.parts[0]);
  } else if (node.text == "_in_" && tree_[node.parts[1]].form == Form::list) {
    for (const NodeId part : tree_[node.parts[1]].parts) check_choice(types_[node.parts[0]], part);
  } else if (node.text == "_in_") {
    const TypeRef list = unifier_.shallow(types_[node.parts[1]]);
    if (list->kind == TypeKind::list) check_choice(list->parts[0], node.parts[0]);
  }
}

void Checking::check_choice(const TypeRef& closed, NodeId literal) {
  const TypeRef type = unifier_.shallow(closed);
  const Node& node = tree_[literal];
  if (type->choices.empty() || !is_text(node)) return;
  if (std::ranges::find(type->choices, node.text) != type->choices.end()) return;
  const std::string near = closest_match(node.text, type->choices);
  std::string message = fmt::format("`{}` is not one of the values: {}",
                                    escape_untrusted(node.text), fmt::join(type->choices, ", "));
  if (!near.empty()) message += fmt::format("; `{}` is meant?", near);
  wrong(literal, escape_untrusted(message));
}

// Fields of records and maps, and which of them are surely there.

// `v0.note`: a variable or a local and fields behind it; empty for everything else.
std::string Checking::path_of(NodeId id) const {
  const Node& node = tree_[id];
  if (node.form == Form::variable) return fmt::format("v{}", node.slot);
  if (node.form == Form::local) return fmt::format("l{}", node.slot);
  const bool index = node.form == Form::call && node.text == "_[_]" &&
                     tree_[node.parts[1]].form == Form::literal &&
                     tree_[node.parts[1]].literal == Literal::string;
  if (node.form != Form::select && !index) return {};
  const std::string left = path_of(node.parts[0]);
  if (left.empty()) return left;
  return left + "\n" + (index ? tree_[node.parts[1]].text : node.text);
}

// Adds the paths that are there whenever the node is `truth`.
void Checking::facts_when(NodeId id, bool truth, std::vector<std::string>& facts) const {
  const Node& node = tree_[id];
  const bool all = (node.form == Form::all_of && truth) || (node.form == Form::any_of && !truth);
  if (all) {
    for (const NodeId part : node.parts) facts_when(part, truth, facts);
  } else if (node.form == Form::call && node.text == "!_") {
    facts_when(node.parts[0], !truth, facts);
  } else if (node.form == Form::select && node.present && truth) {
    facts.push_back(path_of(id));
  } else if (node.form == Form::call && node.text == "_in_" && truth) {
    const Node& key = tree_[node.parts[0]];
    const std::string path = path_of(node.parts[1]);
    if (key.form == Form::literal && key.literal == Literal::string && !path.empty()) {
      facts.push_back(path + "\n" + key.text);
    }
  }
}

bool Checking::is_there(const std::string& path) const {
  return !path.empty() && std::ranges::find(facts_, path) != facts_.end();
}

// `run` of `run.steps`, which is declared whole and nothing alone.
bool Checking::begins_name(NodeId id) const {
  const Node& node = tree_[id];
  return node.form == Form::name &&
         std::ranges::any_of(environment_.variables(), [&](const Variable& variable) {
           return variable.name.starts_with(node.text + ".");
         });
}

TypeRef Checking::select(NodeId id) {
  const Node& node = tree_[id];
  if (begins_name(node.parts[0])) return unknown(id, tree_[node.parts[0]].text + "." + node.text);
  const TypeRef target = visit(node.parts[0]);
  const TypeRef found =
      field_of(id, node.parts[0], target, node.text, node.present || node.optional);
  if (node.present) return simple(TypeKind::boolean);
  if (!node.optional || unifier_.shallow(target)->kind == TypeKind::optional) return found;
  return optional_of(found);
}

// `asks`: the field may be missing here, because that is what is asked.
TypeRef Checking::field_of(NodeId id, NodeId target, const TypeRef& type, std::string_view name,
                           bool asks) {
  const TypeRef found = unifier_.shallow(type);
  if (found->kind == TypeKind::variable) {
    unifier_.fits(found, simple(TypeKind::dyn));
    return simple(TypeKind::dyn);
  }
  if (found->kind == TypeKind::dyn || found->kind == TypeKind::error) return found;
  if (found->kind == TypeKind::record) return record_field(id, target, *found, name, asks);
  if (found->kind == TypeKind::optional) {
    return optional_of(field_of(id, target, found->parts[0], name, true));
  }
  if (found->kind == TypeKind::map) {
    if (unifier_.fits(found->parts[0], simple(TypeKind::string))) return found->parts[1];
    return wrong(id, fmt::format("the keys of this map are {}, no names", shown(found->parts[0])));
  }
  return wrong(id, fmt::format("`{}` is {}, which has no fields", escape_untrusted(written(target)),
                               shown(found)));
}

TypeRef Checking::record_field(NodeId id, NodeId target, const Type& record, std::string_view name,
                               bool asks) {
  const Field* field = record.field(name);
  if (field == nullptr && record.parts.empty()) {
    std::vector<std::string> known;
    for (const Field& each : record.fields) known.push_back(each.name);
    const std::string near = closest_match(name, known);
    std::string message =
        fmt::format("`{}` has no `{}`", escape_untrusted(written(target)), escape_untrusted(name));
    if (!near.empty()) message += fmt::format("; `{}` is meant?", escape_untrusted(near));
    return wrong(id, std::move(message));
  }
  const bool required = field != nullptr && field->required;
  if (!required && !asks && !is_there(path_of(id))) {
    wrong(id, fmt::format("`{0}.{1}` may be missing: ask `has({0}.{1}) && ...` first, or write "
                          "`{0}.?{1}.orValue(...)`",
                          escape_untrusted(written(target)), escape_untrusted(name)));
  }
  return field != nullptr ? field->type : record.parts[0];
}

}  // namespace pawl::cel
