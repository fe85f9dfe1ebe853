// int(), uint(), double(), string(), bytes(), bool(), timestamp(), duration(), type() and dyn().
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/text.h"
#include "lang/cel/functions.h"
#include "lang/cel/literal.h"
#include "lang/cel/network.h"
#include "lang/cel/text_value.h"
#include "lang/cel/time_value.h"

namespace pawl::cel {
namespace {

Value out_of_range() {
  return Value::failed(Failure::out_of_range, "range: the number does not fit");
}

Value unreadable() {
  return Value::failed(Failure::invalid, "Type conversion error: the text can't be read");
}

template <class Number>
Value whole_from(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec == std::errc::result_out_of_range) return out_of_range();
  const bool good = read.ec == std::errc() && read.ptr == text.data() + text.size();
  return good ? Value::of(value) : unreadable();
}

Value to_int(Context&, Arguments a) {
  if (a[0].is(ValueKind::integer)) return a[0];
  if (a[0].is(ValueKind::natural)) {
    return a[0].as.natural > INT64_MAX ? out_of_range()
                                       : Value::of(static_cast<std::int64_t>(a[0].as.natural));
  }
  if (a[0].is(ValueKind::number)) {
    // Strictly between the edges: which of the doubles there would fit depends on rounding.
    return a[0].as.number > -0x1p63 && a[0].as.number < 0x1p63
               ? Value::of(static_cast<std::int64_t>(a[0].as.number))
               : out_of_range();
  }
  if (a[0].is(ValueKind::string)) return whole_from<std::int64_t>(a[0].text());
  if (a[0].is(ValueKind::timestamp)) return Value::of(a[0].seconds());
  return no_such_overload();
}

Value to_uint(Context&, Arguments a) {
  if (a[0].is(ValueKind::natural)) return a[0];
  if (a[0].is(ValueKind::integer)) {
    return a[0].as.integer < 0 ? out_of_range()
                               : Value::of(static_cast<std::uint64_t>(a[0].as.integer));
  }
  if (a[0].is(ValueKind::number)) {
    return a[0].as.number > -1 && a[0].as.number < 0x1p64
               ? Value::of(static_cast<std::uint64_t>(a[0].as.number))
               : out_of_range();
  }
  if (a[0].is(ValueKind::string)) return whole_from<std::uint64_t>(a[0].text());
  return no_such_overload();
}

Value to_double(Context&, Arguments a) {
  if (a[0].is(ValueKind::number)) return a[0];
  if (a[0].is(ValueKind::integer)) return Value::of(static_cast<double>(a[0].as.integer));
  if (a[0].is(ValueKind::natural)) return Value::of(static_cast<double>(a[0].as.natural));
  if (a[0].is(ValueKind::string)) {
    const auto value = read_number(a[0].text());
    return value ? Value::of(*value) : unreadable();
  }
  return no_such_overload();
}

Value to_string_value(Context& context, Arguments a) {
  if (a[0].is(ValueKind::string)) return a[0];
  if (a[0].is(ValueKind::bytes)) {
    context.charge_bytes(a[0].size);
    return valid_utf8(a[0].text()) ? Value::of(a[0].text())
                                   : Value::failed(Failure::invalid, "invalid UTF-8");
  }
  if (a[0].is(ValueKind::boolean) || a[0].is(ValueKind::integer) || a[0].is(ValueKind::natural) ||
      a[0].is(ValueKind::number) || a[0].is(ValueKind::timestamp) || a[0].is(ValueKind::duration)) {
    return context.string(scalar_text(a[0]));
  }
  if (a[0].is(ValueKind::ip) || a[0].is(ValueKind::cidr)) {
    return context.string(address_text(*a[0].as.address, a[0].is(ValueKind::cidr)));
  }
  return no_such_overload();
}

Value to_bytes(Context&, Arguments a) {
  if (a[0].is(ValueKind::bytes)) return a[0];
  return a[0].is(ValueKind::string) ? Value::bytes_of(a[0].text()) : no_such_overload();
}

Value to_bool(Context&, Arguments a) {
  if (a[0].is(ValueKind::boolean)) return a[0];
  if (!a[0].is(ValueKind::string)) return no_such_overload();
  for (const std::string_view yes : {"1", "t", "true", "TRUE", "True"}) {
    if (a[0].text() == yes) return Value::of(true);
  }
  for (const std::string_view no : {"0", "f", "false", "FALSE", "False"}) {
    if (a[0].text() == no) return Value::of(false);
  }
  return unreadable();
}

Value to_timestamp(Context&, Arguments a) {
  if (a[0].is(ValueKind::timestamp)) return a[0];
  if (a[0].is(ValueKind::integer)) return timestamp_of(a[0].as.integer, 0);
  if (!a[0].is(ValueKind::string)) return no_such_overload();
  return parse_timestamp(a[0].text())
      .value_or(Value::failed(Failure::invalid,
                              "range: a timestamp is RFC 3339, between the years 1 and 9999"));
}

Value to_duration(Context&, Arguments a) {
  if (a[0].is(ValueKind::duration)) return a[0];
  if (!a[0].is(ValueKind::string)) return no_such_overload();
  return parse_duration_text(a[0].text())
      .value_or(Value::failed(Failure::invalid,
                              "range: a duration is such as `1h30m` and at most 292 years"));
}

Value type_of(Context&, Arguments a) {
  return Value::type_of(type_name(a[0]));
}

Value dyn(Context&, Arguments a) {
  return a[0];
}

constexpr auto kRows = std::to_array<FunctionRow>({
    {"int", "(int) int; (uint) int; (double) int; (string) int; (timestamp) int", to_int},
    {"uint", "(uint) uint; (int) uint; (double) uint; (string) uint", to_uint},
    {"double", "(double) double; (int) double; (uint) double; (string) double", to_double},
    {"string",
     "(string) string; (bytes) string; (bool) string; (int) string; (uint) string; "
     "(double) string; (timestamp) string; (duration) string; (net.IP) string; (net.CIDR) string",
     to_string_value},
    {"bytes", "(bytes) bytes; (string) bytes", to_bytes},
    {"bool", "(bool) bool; (string) bool", to_bool},
    {"timestamp", "(timestamp) timestamp; (int) timestamp; (string) timestamp", to_timestamp},
    {"duration", "(duration) duration; (string) duration", to_duration},
    {"type", "(A) type", type_of},
    {"dyn", "(A) dyn", dyn},
});

}  // namespace

std::span<const FunctionRow> conversion_rows() {
  return kRows;
}

}  // namespace pawl::cel
