// math.*: extremes, rounding, questions about doubles, bits.
#include <array>
#include <cmath>

#include "lang/cel/collection.h"
#include "lang/cel/functions.h"

namespace pawl::cel {
namespace {

// Of two equal numbers the first one stays.
template <Order Wanted>
Value extreme(Context& context, Arguments a) {
  const bool in_list = a.size() == 1 && a[0].is_list();
  if (in_list && count_of(a[0]) == 0) {
    return Value::failed(Failure::invalid, "an empty list has no extreme");
  }
  Value best = in_list ? Walk(a[0]).value() : a[0];
  const auto look = [&best](const Value& value) {
    if (!value.is_number() || !best.is_number()) return false;
    if (order(value, best) == Wanted) best = value;
    return true;
  };
  if (!in_list) {
    for (const Value& value : a) {
      if (!look(value)) return no_such_overload();
    }
    return best;
  }
  for (Walk walk(a[0]); walk.more() && !context.exhausted; walk.next()) {
    context.charge(1);
    if (!look(walk.value())) return no_such_overload();
  }
  return best;
}

using OnDouble = double (*)(double);
template <OnDouble function>
Value rounded(Context&, Arguments a) {
  return a[0].is(ValueKind::number) ? Value::of(function(a[0].as.number)) : no_such_overload();
}

using DoubleQuestion = bool (*)(double);
template <DoubleQuestion question>
Value asked(Context&, Arguments a) {
  return a[0].is(ValueKind::number) ? Value::of(question(a[0].as.number)) : no_such_overload();
}

Value absolute(Context&, Arguments a) {
  if (a[0].is(ValueKind::natural)) return a[0];
  if (a[0].is(ValueKind::number)) return Value::of(std::fabs(a[0].as.number));
  if (!a[0].is(ValueKind::integer)) return no_such_overload();
  if (a[0].as.integer == INT64_MIN) return Value::failed(Failure::overflow, "integer overflow");
  return Value::of(a[0].as.integer < 0 ? -a[0].as.integer : a[0].as.integer);
}

Value sign(Context&, Arguments a) {
  if (a[0].is(ValueKind::natural)) return Value::of(std::uint64_t{a[0].as.natural > 0});
  if (a[0].is(ValueKind::integer)) {
    return Value::of(std::int64_t{a[0].as.integer > 0} - std::int64_t{a[0].as.integer < 0});
  }
  if (!a[0].is(ValueKind::number)) return no_such_overload();
  const double n = a[0].as.number;
  if (std::isnan(n) || n == 0) return Value::of(n == 0 ? 0.0 : n);
  return Value::of(n > 0 ? 1.0 : -1.0);
}

Value root(Context&, Arguments a) {
  if (a[0].is(ValueKind::number)) return Value::of(std::sqrt(a[0].as.number));
  if (a[0].is(ValueKind::integer))
    return Value::of(std::sqrt(static_cast<double>(a[0].as.integer)));
  if (a[0].is(ValueKind::natural))
    return Value::of(std::sqrt(static_cast<double>(a[0].as.natural)));
  return no_such_overload();
}

using OnBits = std::uint64_t (*)(std::uint64_t, std::uint64_t);
template <OnBits function>
Value bits(Context&, Arguments a) {
  const bool whole = a[0].is(ValueKind::integer) || a[0].is(ValueKind::natural);
  if (!whole || a[0].kind != a[1].kind) return no_such_overload();
  Value out = a[0];
  out.as.natural = function(a[0].as.natural, a[1].as.natural);
  return out;
}

Value inverted(Context&, Arguments a) {
  if (!a[0].is(ValueKind::integer) && !a[0].is(ValueKind::natural)) return no_such_overload();
  Value out = a[0];
  out.as.natural = ~out.as.natural;
  return out;
}

// Bits that leave are lost, and zeros come in from both sides, also where the number is negative.
template <bool Left>
Value shifted(Context&, Arguments a) {
  const bool whole = a[0].is(ValueKind::integer) || a[0].is(ValueKind::natural);
  if (!whole || !a[1].is(ValueKind::integer)) return no_such_overload();
  if (a[1].as.integer < 0) return Value::failed(Failure::invalid, "negative offset");
  Value out = a[0];
  if (a[1].as.integer > 63) {
    out.as.natural = 0;
  } else {
    out.as.natural = Left ? out.as.natural << a[1].as.integer : out.as.natural >> a[1].as.integer;
  }
  return out;
}

constexpr std::string_view kExtremes =
    "(A) A; (A,B) dyn; (A,B,C) dyn; (A,B,C,D) dyn; (A,B,C,D,E) dyn; (A,B,C,D,E,F) dyn; "
    "(A,B,C,D,E,F,G) dyn; (A,B,C,D,E,F,G,H) dyn; (list(A)) A";
constexpr std::string_view kNumbers = "(int) int; (uint) uint; (double) double";
constexpr std::string_view kTwoWhole = "(int,int) int; (uint,uint) uint";
constexpr std::string_view kShift = "(int,int) int; (uint,int) uint";

constexpr auto kMathRows = std::to_array<FunctionRow>({
    {"math.greatest", kExtremes, extreme<Order::greater>},
    {"math.least", kExtremes, extreme<Order::less>},
    {"math.ceil", "(double) double", rounded<[](double n) { return std::ceil(n); }>},
    {"math.floor", "(double) double", rounded<[](double n) { return std::floor(n); }>},
    {"math.round", "(double) double", rounded<[](double n) { return std::round(n); }>},
    {"math.trunc", "(double) double", rounded<[](double n) { return std::trunc(n); }>},
    {"math.isNaN", "(double) bool", asked<[](double n) { return std::isnan(n); }>},
    {"math.isInf", "(double) bool", asked<[](double n) { return std::isinf(n); }>},
    {"math.isFinite", "(double) bool", asked<[](double n) { return std::isfinite(n); }>},
    {"math.abs", kNumbers, absolute},
    {"math.sign", kNumbers, sign},
    {"math.sqrt", "(double) double; (int) double; (uint) double", root},
    {"math.bitAnd", kTwoWhole, bits<[](std::uint64_t x, std::uint64_t y) { return x & y; }>},
    {"math.bitOr", kTwoWhole, bits<[](std::uint64_t x, std::uint64_t y) { return x | y; }>},
    {"math.bitXor", kTwoWhole, bits<[](std::uint64_t x, std::uint64_t y) { return x ^ y; }>},
    {"math.bitNot", "(int) int; (uint) uint", inverted},
    {"math.bitShiftLeft", kShift, shifted<true>},
    {"math.bitShiftRight", kShift, shifted<false>},
});

}  // namespace

std::span<const FunctionRow> math_rows() {
  return kMathRows;
}

}  // namespace pawl::cel
