// string.format(list): `%s %d %f %e %b %o %x %X`, with a precision for `%f` and `%e`.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "lang/cel/collection.h"
#include "lang/cel/functions.h"
#include "lang/cel/network.h"
#include "lang/cel/text_value.h"

namespace pawl::cel {
namespace {

constexpr int kPrecisionDefault = 6;
constexpr int kPrecisionMax = 100;

// `%s` of anything; false where it has no text, such as an optional.
bool write_any(Context& context, const Value& value, TextBuilder& out);

bool write_list(Context& context, const Value& list, TextBuilder& out) {
  out.add("[");
  for (Walk walk(list); walk.more() && !out.full(); walk.next()) {
    if (walk.index() > 0) out.add(", ");
    if (!write_any(context, walk.value(), out)) return false;
  }
  out.add("]");
  return true;
}

// Keys in the order of their texts, so that equal maps have equal texts.
bool write_map(Context& context, const Value& map, TextBuilder& out) {
  struct Line {
    std::string key;
    Value value;
  };
  std::vector<Line> lines;
  for (Walk walk(map); walk.more() && !context.exhausted; walk.next()) {
    context.charge(1);
    const Value key = walk.key();
    lines.push_back(
        {key.is(ValueKind::string) ? std::string(key.text()) : scalar_text(key), walk.value()});
  }
  std::ranges::sort(lines, {}, &Line::key);
  std::string_view before = "{";
  for (const Line& line : lines) {
    out.add(before);
    out.add(line.key);
    out.add(": ");
    if (out.full() || !write_any(context, line.value, out)) return false;
    before = ", ";
  }
  out.add(lines.empty() ? "{}" : "}");
  return true;
}

bool write_any(Context& context, const Value& value, TextBuilder& out) {
  if (value.is(ValueKind::null)) {
    out.add("null");
    return true;
  }
  if (value.is(ValueKind::string) || value.is(ValueKind::bytes) || value.is(ValueKind::type)) {
    out.add(value.text());
    return true;
  }
  if (value.is(ValueKind::list) || value.is(ValueKind::json_list)) {
    return write_list(context, value, out);
  }
  if (value.is(ValueKind::map) || value.is(ValueKind::json_map)) {
    return write_map(context, value, out);
  }
  if (value.is(ValueKind::ip) || value.is(ValueKind::cidr)) {
    out.add(address_text(*value.as.address, value.is(ValueKind::cidr)));
    return true;
  }
  const std::string text = scalar_text(value);
  out.add(text);
  return !text.empty();
}

bool special(const Value& value) {
  return value.is(ValueKind::number) && !std::isfinite(value.as.number);
}

// The digits of a whole number in a base, with its sign.
std::string digits(const Value& value, int base, bool upper = false) {
  const bool negative = value.is(ValueKind::integer) && value.as.integer < 0;
  const std::uint64_t size = negative ? 0 - value.as.natural : value.as.natural;
  std::string text = base == 2    ? fmt::format("{:b}", size)
                     : base == 8  ? fmt::format("{:o}", size)
                     : base == 10 ? fmt::format("{}", size)
                     : upper      ? fmt::format("{:X}", size)
                                  : fmt::format("{:x}", size);
  return negative ? "-" + text : text;
}

bool whole(const Value& value) {
  return value.is(ValueKind::integer) || value.is(ValueKind::natural);
}

// Nothing where the clause is not for this kind of value.
std::optional<std::string> hexadecimal(Context& context, const Value& value, bool upper) {
  if (whole(value)) return digits(value, 16, upper);
  if (!value.is(ValueKind::string) && !value.is(ValueKind::bytes)) return {};
  context.charge_bytes(value.size);
  std::string text = hex(value.text());
  if (upper)
    std::ranges::transform(text, text.begin(), [](char c) {
      return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
    });
  return text;
}

std::optional<std::string> fraction(const Value& value, char clause, int precision) {
  if (special(value)) return number_text(value.as.number);
  if (!value.is_number()) return {};
  const double number = value.is(ValueKind::integer)   ? static_cast<double>(value.as.integer)
                        : value.is(ValueKind::natural) ? static_cast<double>(value.as.natural)
                                                       : value.as.number;
  return clause == 'f' ? fmt::format("{:.{}f}", number, precision)
                       : fmt::format("{:.{}e}", number, precision);
}

std::optional<std::string> clause_text(Context& context, char clause, int precision,
                                       const Value& value) {
  switch (clause) {
    case 'd':
      if (special(value)) return number_text(value.as.number);
      return whole(value) ? std::optional(digits(value, 10)) : std::nullopt;
    case 'b':
      if (value.is(ValueKind::boolean)) return value.as.boolean ? "1" : "0";
      return whole(value) ? std::optional(digits(value, 2)) : std::nullopt;
    case 'o':
      return whole(value) ? std::optional(digits(value, 8)) : std::nullopt;
    case 'x':
    case 'X':
      return hexadecimal(context, value, clause == 'X');
    default:
      return fraction(value, clause, precision);
  }
}

// `.3` behind a percent sign, taken off; negative where it is malformed.
int take_precision(std::string_view& text) {
  if (!text.starts_with('.')) return kPrecisionDefault;
  text.remove_prefix(1);
  int value = text.empty() || !is_digit(text.front()) ? -1 : 0;
  while (value >= 0 && !text.empty() && is_digit(text.front())) {
    value = value * 10 + (text.front() - '0');
    text.remove_prefix(1);
    if (value > kPrecisionMax) return -1;
  }
  return value;
}

Value format(Context& context, Arguments a) {
  if (!a[0].is(ValueKind::string) || !a[1].is_list()) return no_such_overload();
  TextBuilder out(context);
  Walk values(a[1]);
  std::string_view text = a[0].text();
  while (!text.empty() && !out.full()) {
    const std::size_t at = std::min(text.find('%'), text.size());
    out.add(text.substr(0, at));
    text.remove_prefix(std::min(at + 1, text.size()));
    if (at == a[0].size || (text.empty() && a[0].text().back() != '%')) break;
    if (text.starts_with('%')) {
      out.add("%");
      text.remove_prefix(1);
      continue;
    }
    const int precision = take_precision(text);
    const char clause = text.empty() ? '\0' : text.front();
    if (precision < 0 || std::string_view("sdfeboxX").find(clause) == std::string_view::npos) {
      return Value::failed(Failure::invalid, "could not parse formatting clause");
    }
    text.remove_prefix(1);
    if (!values.more()) return Value::failed(Failure::out_of_range, "too few values to format");
    const Value value = values.value();
    values.next();
    bool fits = true;
    if (clause == 's') {
      fits = write_any(context, value, out);
    } else if (const auto piece = clause_text(context, clause, precision, value)) {
      out.add(*piece);
    } else {
      fits = false;
    }
    if (!fits && !out.full()) {
      return Value::failed(Failure::invalid, "this value can't be formatted by its clause");
    }
  }
  return out.done();
}

constexpr auto kFormatRows = std::to_array<FunctionRow>({
    {"format", "string.(list(dyn)) string", format},
});

}  // namespace

std::span<const FunctionRow> format_rows() {
  return kFormatRows;
}

}  // namespace pawl::cel
