// Parts of timestamps and durations. A time zone is a constant: the compiler has looked it up.
#include <array>

#include "base/zone.h"
#include "lang/cel/functions.h"
#include "lang/cel/time_value.h"

namespace pawl::cel {
namespace {

using Part = std::int64_t (*)(const Civil&);

template <Part part>
Value part_of(Context&, Arguments a) {
  if (!a[0].is(ValueKind::timestamp)) return no_such_overload();
  std::int64_t east = 0;
  if (a.size() == 2 && a[1].is(ValueKind::zone)) {
    east = a[1].as.zone->offset_at(a[0].seconds());
  } else if (a.size() == 2 && a[1].is(ValueKind::string)) {
    const auto offset = fixed_offset(a[1].text());
    if (!offset) return Value::failed(Failure::invalid, "a time zone is a constant here");
    east = *offset;
  } else if (a.size() == 2) {
    return no_such_overload();
  }
  return Value::of(part(civil_of(a[0].seconds() + east)));
}

// The same names exist for durations, where they give the whole length in that unit.
template <Part part, std::int64_t Unit>
Value part_or_length(Context& context, Arguments a) {
  constexpr std::int64_t second = 1'000'000'000;
  if (a.size() == 1 && a[0].is(ValueKind::duration)) {
    return Value::of(a[0].as.integer / (second * Unit));
  }
  return part_of<part>(context, a);
}

Value milliseconds(Context&, Arguments a) {
  constexpr std::int64_t millisecond = 1'000'000;
  if (a[0].is(ValueKind::timestamp)) return Value::of(a[0].nanoseconds() / millisecond);
  if (a.size() == 1 && a[0].is(ValueKind::duration)) {
    return Value::of(a[0].as.integer / millisecond % 1000);
  }
  return no_such_overload();
}

constexpr std::string_view kTimeForms = "timestamp.() int; timestamp.(string) int";
constexpr std::string_view kBothForms = "timestamp.() int; timestamp.(string) int; duration.() int";

constexpr auto kTimeRows = std::to_array<FunctionRow>({
    {"getDate", kTimeForms, part_of<[](const Civil& c) { return std::int64_t{c.day}; }>},
    {"getDayOfMonth", kTimeForms, part_of<[](const Civil& c) { return std::int64_t{c.day} - 1; }>},
    {"getDayOfWeek", kTimeForms, part_of<[](const Civil& c) { return std::int64_t{c.weekday}; }>},
    {"getDayOfYear", kTimeForms,
     part_of<[](const Civil& c) { return std::int64_t{c.day_of_year}; }>},
    {"getFullYear", kTimeForms, part_of<[](const Civil& c) { return c.year; }>},
    {"getMonth", kTimeForms, part_of<[](const Civil& c) { return std::int64_t{c.month} - 1; }>},
    {"getHours", kBothForms,
     part_or_length<[](const Civil& c) { return std::int64_t{c.hour}; }, 3600>},
    {"getMinutes", kBothForms,
     part_or_length<[](const Civil& c) { return std::int64_t{c.minute}; }, 60>},
    {"getSeconds", kBothForms,
     part_or_length<[](const Civil& c) { return std::int64_t{c.second}; }, 1>},
    {"getMilliseconds", kBothForms, milliseconds},
});

}  // namespace

std::span<const FunctionRow> time_rows() {
  return kTimeRows;
}

}  // namespace pawl::cel
