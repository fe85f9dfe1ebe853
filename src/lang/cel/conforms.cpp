// Whether a value of a document is what its schema says. The checker reasoned with that type, and
// a value of another one would turn `status != "refunded"` into true.
#include <algorithm>
#include <cmath>

#include "lang/cel/machine.h"

namespace pawl::cel {
namespace {

bool exact_double(Value& value) {
  if (value.is(ValueKind::number)) return true;
  if (!value.is_number()) return false;
  const double rounded = value.is(ValueKind::integer) ? static_cast<double>(value.as.integer)
                                                      : static_cast<double>(value.as.natural);
  const Value number = Value::of(rounded);
  // The edge of int is where the order of numbers is generous.
  if (order(value, number) != Order::equal || std::fabs(rounded) >= 0x1p63) return false;
  value = number;
  return true;
}

bool conforming_elements(Context& context, const Type& element, const Value& value) {
  if (element.kind == TypeKind::dyn) return true;
  for (Walk walk(value); walk.more() && !context.exhausted; walk.next()) {
    context.charge(1);
    Value each = walk.value();
    if (!conforms(context, element, each)) return false;
  }
  return true;
}

bool conforming_record(Context& context, const Type& record, const Value& value) {
  for (const Field& field : record.fields) {
    context.charge(1);
    auto found = find_field(value, field.name);
    if (found ? !conforms(context, *field.type, *found) : field.required) return false;
  }
  return true;
}

// What is inside an optional lies in the scratch and is not changed there.
bool conforming_option(Context& context, const Type& inner, Value& value) {
  if (!value.is(ValueKind::optional)) return false;
  if (value.as.inner == nullptr) return true;
  Value changed = *value.as.inner;
  if (!conforms(context, inner, changed)) return false;
  if (changed.kind != value.as.inner->kind) value = context.option(changed);
  return true;
}

}  // namespace

bool conforms(Context& context, const Type& type, Value& value) {
  if (value.is(ValueKind::null))
    return type.nullable || type.kind == TypeKind::dyn || type.kind == TypeKind::null;
  switch (type.kind) {
    case TypeKind::integer:
      return value.is(ValueKind::integer);
    case TypeKind::natural:
      return value.is(ValueKind::natural);
    case TypeKind::boolean:
      return value.is(ValueKind::boolean);
    case TypeKind::number:
      return exact_double(value);
    case TypeKind::string:
      return value.is(ValueKind::string) &&
             (type.choices.empty() ||
              std::ranges::find(type.choices, value.text()) != type.choices.end());
    case TypeKind::list:
      return value.is_list() && conforming_elements(context, *type.parts[0], value);
    case TypeKind::map:
      return value.is_map() && conforming_elements(context, *type.parts[1], value);
    case TypeKind::record:
      return value.is_map() && conforming_record(context, type, value);
    case TypeKind::optional:
      return conforming_option(context, *type.parts[0], value);
    case TypeKind::null:
      return false;
    case TypeKind::dyn:
    case TypeKind::bytes:
    case TypeKind::timestamp:
    case TypeKind::duration:
    case TypeKind::type:
    case TypeKind::ip:
    case TypeKind::cidr:
    case TypeKind::variable:
    case TypeKind::opaque:
    case TypeKind::error:
      return true;  // no document has these: the value was made by a caller who knows its type
  }
  return false;
}

}  // namespace pawl::cel
