// Which values a check can be about.
#include <algorithm>

#include "kernel/policy/fit.h"

namespace pawl {

const Shape* into_elements(const Shape* shape) {
  while (shape != nullptr && shape->type == ValueType::array) shape = shape->element.get();
  return shape;
}

namespace {

enum class Wants : std::uint8_t { anything, text, number, list, words };

Wants wants(CheckKind kind) {
  switch (kind) {
    case CheckKind::in:
    case CheckKind::not_in:
      return Wants::anything;
    case CheckKind::min:
    case CheckKind::max:
      return Wants::number;
    case CheckKind::max_items:
    case CheckKind::min_items:
      return Wants::list;
    case CheckKind::matches:
    case CheckKind::prefix:
    case CheckKind::max_length:
    case CheckKind::single_line:
    case CheckKind::path:
    case CheckKind::url:
    case CheckKind::email_domain:
    case CheckKind::cidr:
    case CheckKind::hosts_in:
    case CheckKind::sql:
    case CheckKind::shell:
    case CheckKind::manifest:
    case CheckKind::json:
    case CheckKind::k8s_kind:
      return Wants::text;
    case CheckKind::argv:
      return Wants::words;
  }
  return Wants::anything;
}

bool satisfied(Wants want, const Shape& shape) {
  const Shape* element = into_elements(&shape);
  const ValueType type = element == nullptr ? ValueType::any : element->type;
  switch (want) {
    case Wants::anything:
      return true;
    case Wants::text:
      return type == ValueType::string || type == ValueType::any;
    case Wants::number:
      return type == ValueType::integer || type == ValueType::number || type == ValueType::any;
    case Wants::list:
      return shape.type == ValueType::array || shape.type == ValueType::any;
    case Wants::words:
      return (shape.type == ValueType::array || shape.type == ValueType::any) &&
             (type == ValueType::string || type == ValueType::any);
  }
  return false;
}

}  // namespace

bool fits_kind(CheckKind kind, const Shape& shape) {
  return satisfied(wants(kind), shape);
}

bool can_be(const Literal& value, const Shape& shape) {
  if (shape.choices) return std::ranges::find(*shape.choices, value.json) != shape.choices->end();
  const bool truth = value.json == "true" || value.json == "false";
  switch (shape.type) {
    case ValueType::any:
      return true;
    case ValueType::boolean:
      return truth && !value.string;
    case ValueType::integer:
    case ValueType::number:
      return value.number.has_value() || value.integer.has_value();
    case ValueType::string:
      return value.string.has_value();
    case ValueType::null:
    case ValueType::array:
    case ValueType::object:
      return false;
  }
  return false;
}

}  // namespace pawl
