// Fields of records and maps, and which of them are surely there.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "lang/cel/checking.h"

namespace pawl::cel {

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
