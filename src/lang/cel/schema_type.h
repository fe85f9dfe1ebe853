// The type of a tool's arguments, made from its JSON Schema 2020-12.
//
// | schema                                    | type                                         |
// |-------------------------------------------|----------------------------------------------|
// | integer                                   | int, exact in 64 bits                        |
// | number                                    | double                                       |
// | string; with `enum` or `const` of strings | string; a closed set                         |
// | boolean, null                             | bool, null                                   |
// | array                                     | list of `items`, or of dyn                   |
// | object with `properties`                  | record; what is not `required` may be missing|
// | object with `additionalProperties` only   | map(string, T)                               |
// | several types, or `anyOf`, one being null | the other one, nullable                      |
// | anything else                             | dyn                                          |
//
// A record whose schema says something of other members (`additionalProperties` that is not false,
// `patternProperties`) may have them beside its own, of dyn where no one type is stated; without
// that, a name that the schema does not have is a mistake, whether the schema is closed or not,
// because such an argument is refused anyway. Local references (`#/$defs/...`) are followed, no
// others; where one leads nowhere, in a circle or too deep, the type is dyn.
#pragma once

#include "base/json.h"
#include "lang/cel/type.h"

namespace pawl::cel {

TypeRef type_of_schema(json::View schema);

}  // namespace pawl::cel
