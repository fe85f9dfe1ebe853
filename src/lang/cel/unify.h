// Which types fit where, with variables of signatures and of empty lists bound along the way.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "lang/cel/type.h"

namespace pawl::cel {

class Unifier {
 public:
  TypeRef fresh();
  // The same type with fresh variables; one call per signature, which shares its letters.
  std::vector<TypeRef> instantiate(const std::vector<TypeRef>& types);

  // Whether a value of type `given` may stand where `wanted` is. Binds variables; on failure some
  // may be bound, so the caller keeps a `mark` and goes back.
  bool fits(const TypeRef& wanted, const TypeRef& given);

  // The type of a list of both: one of them where the other fits, else dyn.
  TypeRef join(const TypeRef& a, const TypeRef& b);

  // What a variable is bound to, one step inside; other types as they are.
  TypeRef shallow(TypeRef type) const;
  // Without any variables; unbound ones become dyn.
  TypeRef deep(const TypeRef& type) const;

  std::vector<TypeRef> mark() const { return bindings_; }
  // Variables that are newer than the mark stay, unbound.
  void go_back(std::vector<TypeRef> mark) {
    mark.resize(bindings_.size());
    bindings_ = std::move(mark);
  }

 private:
  bool fits_parts(const Type& wanted, const Type& given);
  bool bind(const TypeRef& variable, const TypeRef& type);
  bool occurs(std::uint32_t id, const TypeRef& type) const;

  std::vector<TypeRef> bindings_;  // by id; null is unbound
};

// Whether `a` knows less than `b`: dyn where `b` has a type.
TypeRef more_general(const TypeRef& a, const TypeRef& b);

}  // namespace pawl::cel
