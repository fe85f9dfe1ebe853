// Types of expressions, as the checker knows them.
//
// Types are immutable and shared. `record` is a type of our own, made from JSON Schema: an object
// with known properties, of which some may be missing. `dyn` is what is not known before the value
// is there. `nullable` marks a type whose values may also be null. A string with `choices` has no
// other values than these.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pawl::cel {

enum class TypeKind : std::uint8_t {
  dyn,
  null,
  boolean,
  integer,
  natural,
  number,
  string,
  bytes,
  timestamp,
  duration,
  list,      // parts[0]
  map,       // parts[0] to parts[1]
  record,    // `fields`; what else there may be: parts[0], where given
  optional,  // parts[0]
  type,
  ip,
  cidr,
  variable,  // of a signature or of an empty list: number `id`
  opaque,    // name(parts...), declared by a caller
  error,     // the checker has already complained
};

struct Type;
using TypeRef = std::shared_ptr<const Type>;

struct Field {
  std::string name;
  TypeRef type;
  bool required = false;
};

struct Type {
  TypeKind kind = TypeKind::dyn;
  bool nullable = false;
  std::uint32_t id = 0;
  std::string name = {};
  std::vector<TypeRef> parts = {};
  std::vector<Field> fields = {};
  std::vector<std::string> choices = {};

  const Field* field(std::string_view wanted) const;
};

// The simple types; list(dyn) and map(dyn, dyn) for the kinds with parts.
const TypeRef& simple(TypeKind kind);
TypeRef list_of(TypeRef element);
TypeRef map_of(TypeRef key, TypeRef value);
TypeRef optional_of(TypeRef value);
TypeRef record_of(std::vector<Field> fields, TypeRef rest = nullptr);
TypeRef with_null(const TypeRef& type);

// As CEL writes it: `list(int)`, `map(string,dyn)`, `optional_type(int)`; a record is `object`.
std::string to_string(const Type& type);

// The other way round, for signatures and declarations: also `param(T)`, `A` (one capital letter)
// and `tuple(int,dyn)`. Nothing where the text is not a type.
TypeRef parse_type(std::string_view text);

// What `int`, `net.IP`, `google.protobuf.Timestamp` and so on are as values of type `type`; empty
// where there is no such type.
std::string_view type_value(std::string_view name);

}  // namespace pawl::cel
