// Optional values: optional.of and its like, and what can be asked of them.
#include <array>

#include "lang/cel/collection.h"
#include "lang/cel/functions.h"

namespace pawl::cel {
namespace {

// What CEL calls the zero value of a type: empty, false, 0, null.
bool is_zero(const Value& value) {
  switch (value.kind) {
    case ValueKind::null:
      return true;
    case ValueKind::boolean:
      return !value.as.boolean;
    case ValueKind::integer:
    case ValueKind::natural:
    case ValueKind::duration:
      return value.as.natural == 0;
    case ValueKind::number:
      return value.as.number == 0;
    case ValueKind::string:
    case ValueKind::bytes:
      return value.size == 0;
    case ValueKind::list:
    case ValueKind::map:
    case ValueKind::json_list:
    case ValueKind::json_map:
      return count_of(value) == 0;
    case ValueKind::optional:
      return value.as.inner == nullptr;
    case ValueKind::timestamp:
      return value.as.integer == 0 && value.size == 0;
    case ValueKind::type:
    case ValueKind::ip:
    case ValueKind::cidr:
    case ValueKind::pattern:
    case ValueKind::zone:
    case ValueKind::error:
      return false;
  }
  return false;
}

Value none(Context&, Arguments) {
  return Value::option(nullptr);
}

Value of(Context& context, Arguments a) {
  return context.option(a[0]);
}

Value of_non_zero(Context& context, Arguments a) {
  return is_zero(a[0]) ? Value::option(nullptr) : context.option(a[0]);
}

Value has_value(Context&, Arguments a) {
  if (!a[0].is(ValueKind::optional)) return no_such_overload();
  return Value::of(a[0].as.inner != nullptr);
}

Value value(Context&, Arguments a) {
  if (!a[0].is(ValueKind::optional)) return no_such_overload();
  if (a[0].as.inner == nullptr) {
    return Value::failed(Failure::no_such_key, "optional.none() has no value");
  }
  return *a[0].as.inner;
}

Value or_other(Context&, Arguments a) {
  if (!a[0].is(ValueKind::optional) || !a[1].is(ValueKind::optional)) return no_such_overload();
  return a[0].as.inner != nullptr ? a[0] : a[1];
}

Value or_value(Context&, Arguments a) {
  if (!a[0].is(ValueKind::optional)) return no_such_overload();
  return a[0].as.inner != nullptr ? *a[0].as.inner : a[1];
}

constexpr auto kOptionalRows = std::to_array<FunctionRow>({
    {"optional.none", "() optional_type(A)", none},
    {"optional.of", "(A) optional_type(A)", of},
    {"optional.ofNonZeroValue", "(A) optional_type(A)", of_non_zero},
    {"hasValue", "optional_type(A).() bool", has_value},
    {"value", "optional_type(A).() A", value},
    {"or", "optional_type(A).(optional_type(A)) optional_type(A)", or_other},
    {"orValue", "optional_type(A).(A) A", or_value},
});

}  // namespace

std::span<const FunctionRow> option_rows() {
  return kOptionalRows;
}

}  // namespace pawl::cel
