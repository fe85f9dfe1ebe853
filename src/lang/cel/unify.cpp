#include "lang/cel/unify.h"

#include <algorithm>
#include <map>

namespace pawl::cel {
namespace {

bool unknown(const Type& type) {
  return type.kind == TypeKind::dyn || type.kind == TypeKind::error;
}

// Kinds whose values may be null without saying so.
bool takes_null(const Type& type) {
  return type.nullable || type.kind == TypeKind::null || type.kind == TypeKind::optional ||
         type.kind == TypeKind::opaque || type.kind == TypeKind::timestamp ||
         type.kind == TypeKind::duration;
}

TypeRef with_parts(const Type& type, std::vector<TypeRef> parts) {
  Type copy = type;
  copy.parts = std::move(parts);
  return std::make_shared<const Type>(std::move(copy));
}

bool same(const Type& a, const Type& b) {
  if (&a == &b) return true;
  if (a.kind != b.kind || a.kind == TypeKind::record || a.nullable != b.nullable) return false;
  if (a.name != b.name || a.choices != b.choices || a.parts.size() != b.parts.size()) return false;
  for (std::size_t i = 0; i < a.parts.size(); ++i) {
    if (!same(*a.parts[i], *b.parts[i])) return false;
  }
  return true;
}

TypeRef replaced(const TypeRef& type, std::map<std::uint32_t, TypeRef>& fresh, Unifier& unifier) {
  if (type->kind == TypeKind::variable) {
    TypeRef& one = fresh[type->id];
    if (one == nullptr) one = unifier.fresh();
    return one;
  }
  if (type->parts.empty() || type->kind == TypeKind::record) return type;
  std::vector<TypeRef> parts;
  for (const TypeRef& part : type->parts) parts.push_back(replaced(part, fresh, unifier));
  return parts == type->parts ? type : with_parts(*type, std::move(parts));
}

}  // namespace

TypeRef Unifier::fresh() {
  bindings_.push_back(nullptr);
  return std::make_shared<const Type>(
      Type{.kind = TypeKind::variable, .id = static_cast<std::uint32_t>(bindings_.size() - 1)});
}

std::vector<TypeRef> Unifier::instantiate(const std::vector<TypeRef>& types) {
  std::map<std::uint32_t, TypeRef> variables;
  std::vector<TypeRef> out;
  for (const TypeRef& type : types) out.push_back(replaced(type, variables, *this));
  return out;
}

TypeRef Unifier::shallow(TypeRef type) const {
  while (type->kind == TypeKind::variable && bindings_[type->id] != nullptr) {
    type = bindings_[type->id];
  }
  return type;
}

TypeRef Unifier::deep(const TypeRef& type) const {
  const TypeRef found = shallow(type);
  if (found->kind == TypeKind::variable) return simple(TypeKind::dyn);
  if (found->parts.empty() || found->kind == TypeKind::record) return found;
  std::vector<TypeRef> parts;
  for (const TypeRef& part : found->parts) parts.push_back(deep(part));
  return parts == found->parts ? found : with_parts(*found, std::move(parts));
}

bool Unifier::occurs(std::uint32_t id, const TypeRef& type) const {
  const TypeRef found = shallow(type);
  if (found->kind == TypeKind::variable) return found->id == id;
  return std::ranges::any_of(found->parts, [&](const TypeRef& part) { return occurs(id, part); });
}

bool Unifier::bind(const TypeRef& variable, const TypeRef& type) {
  if (type->kind == TypeKind::variable && type->id == variable->id) return true;
  if (occurs(variable->id, type)) return false;
  bindings_[variable->id] = type;
  return true;
}

bool Unifier::fits(const TypeRef& wanted, const TypeRef& given) {
  if (wanted->kind == TypeKind::variable && bindings_[wanted->id] != nullptr) {
    const TypeRef bound = bindings_[wanted->id];
    const TypeRef other = shallow(given);
    if (bound->kind == TypeKind::null && takes_null(*other)) {
      bindings_[wanted->id] = other;
      return true;
    }
    if (!fits(bound, other)) return false;
    const TypeRef found = deep(bound);
    const TypeRef general = more_general(found, deep(other));
    if (bound->kind != TypeKind::variable && general != found && !occurs(wanted->id, general)) {
      bindings_[wanted->id] = general;
    }
    return true;
  }
  const TypeRef other = shallow(given);
  if (wanted->kind == TypeKind::variable) return bind(wanted, other);
  if (other->kind == TypeKind::variable) return bind(other, wanted);
  if (unknown(*wanted) || unknown(*other)) return true;
  if (other->kind == TypeKind::null) return takes_null(*wanted);
  if (wanted->kind == TypeKind::null) return takes_null(*other);
  return fits_parts(*wanted, *other);
}

bool Unifier::fits_parts(const Type& wanted, const Type& given) {
  if (wanted.kind == TypeKind::map && given.kind == TypeKind::record) {
    return fits(wanted.parts[0], simple(TypeKind::string)) &&
           fits(wanted.parts[1], simple(TypeKind::dyn));
  }
  if (wanted.kind != given.kind || wanted.name != given.name) return false;
  if (wanted.kind == TypeKind::record) return &wanted == &given;
  if (wanted.parts.size() != given.parts.size()) return false;
  for (std::size_t i = 0; i < wanted.parts.size(); ++i) {
    if (!fits(wanted.parts[i], given.parts[i])) return false;
  }
  return true;
}

TypeRef Unifier::join(const TypeRef& a, const TypeRef& b) {
  auto before = mark();
  if (fits(a, b)) {
    const TypeRef found = shallow(a);
    if (found->kind == TypeKind::null) return b;
    // The one that is as general as both keeps its variables.
    const TypeRef general = more_general(deep(found), deep(b));
    if (same(*general, *deep(found))) return a;
    return same(*general, *deep(b)) ? b : general;
  }
  go_back(std::move(before));
  return simple(TypeKind::dyn);
}

TypeRef more_general(const TypeRef& a, const TypeRef& b) {
  if (a == b || a->kind == TypeKind::dyn) return a;
  if (b->kind == TypeKind::dyn) return b;
  if (!a->choices.empty() && a->choices != b->choices) return simple(a->kind);
  if (a->kind != b->kind || a->parts.size() != b->parts.size() || a->parts.empty()) return a;
  std::vector<TypeRef> parts;
  for (std::size_t i = 0; i < a->parts.size(); ++i) {
    parts.push_back(more_general(a->parts[i], b->parts[i]));
  }
  return parts == a->parts ? a : with_parts(*a, std::move(parts));
}

}  // namespace pawl::cel
