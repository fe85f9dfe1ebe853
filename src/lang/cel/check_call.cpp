// Functions: which of their forms fit the arguments.
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "lang/cel/checking.h"

namespace pawl::cel {
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
// same, which is not what anybody meant.
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
  std::string message = fmt::format("`{}` is none of the values that there are: {}",
                                    escape_untrusted(node.text), fmt::join(type->choices, ", "));
  if (!near.empty()) message += fmt::format("; `{}` is meant?", near);
  wrong(literal, escape_untrusted(message));
}

}  // namespace pawl::cel
