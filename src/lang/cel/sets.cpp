// sets.*: lists as sets, by equality of elements.
#include <array>

#include "lang/cel/collection.h"
#include "lang/cel/functions.h"

namespace pawl::cel {
namespace {

bool has(Context& context, const Value& list, const Value& wanted) {
  for (Walk walk(list); walk.more() && !context.exhausted; walk.next()) {
    if (equal(context, walk.value(), wanted)) return true;
  }
  return false;
}

// Whether every element of `part` is in `all`.
bool within(Context& context, const Value& part, const Value& all) {
  for (Walk walk(part); walk.more() && !context.exhausted; walk.next()) {
    if (!has(context, all, walk.value())) return false;
  }
  return true;
}

Value contains(Context& context, Arguments a) {
  if (!a[0].is_list() || !a[1].is_list()) return no_such_overload();
  return Value::of(within(context, a[1], a[0]));
}

Value equivalent(Context& context, Arguments a) {
  if (!a[0].is_list() || !a[1].is_list()) return no_such_overload();
  return Value::of(within(context, a[0], a[1]) && within(context, a[1], a[0]));
}

Value intersects(Context& context, Arguments a) {
  if (!a[0].is_list() || !a[1].is_list()) return no_such_overload();
  for (Walk walk(a[0]); walk.more() && !context.exhausted; walk.next()) {
    if (has(context, a[1], walk.value())) return Value::of(true);
  }
  return Value::of(false);
}

constexpr std::string_view kForms = "(list(A),list(A)) bool";

constexpr auto kSetRows = std::to_array<FunctionRow>({
    {"sets.contains", kForms, contains},
    {"sets.equivalent", kForms, equivalent},
    {"sets.intersects", kForms, intersects},
});

}  // namespace

std::span<const FunctionRow> set_rows() {
  return kSetRows;
}

}  // namespace pawl::cel
