// Arithmetic, comparison, `in`, indexing and `size`. Whole numbers never wrap around: what does
// not fit is an error.
#include <array>
#include <cmath>
#include <cstring>

#include "base/utf8.h"
#include "lang/cel/collection.h"
#include "lang/cel/functions.h"
#include "lang/cel/operators.h"
#include "lang/cel/time_value.h"

namespace pawl::cel {
namespace {

Value overflow() {
  return Value::failed(Failure::overflow, "return error for overflow");
}

bool both(Arguments a, ValueKind kind) {
  return a[0].is(kind) && a[1].is(kind);
}

Value joined(Context& context, const Value& a, const Value& b) {
  const std::size_t size = std::size_t{a.size} + b.size;
  context.charge_bytes(size);
  char* place = context.scratch.take_many<char>(size);
  if (place == nullptr || size > UINT32_MAX) return context.out_of_memory();
  if (a.size > 0) std::memcpy(place, a.as.text, a.size);
  if (b.size > 0) std::memcpy(place + a.size, b.as.text, b.size);
  Value out = Value::of(std::string_view(place, size));
  out.kind = a.kind;
  return out;
}

Value joined_lists(Context& context, const Value& a, const Value& b) {
  const std::size_t size = std::size_t{count_of(a)} + count_of(b);
  context.charge(size);
  auto* place = context.exhausted ? nullptr : context.scratch.take_many<Value>(size);
  if (place == nullptr) return context.out_of_memory();
  std::size_t at = 0;
  for (Walk walk(a); walk.more(); walk.next()) place[at++] = walk.value();
  for (Walk walk(b); walk.more(); walk.next()) place[at++] = walk.value();
  return Value::list_of(place, size);
}

Value add(Context& context, Arguments a) {
  if (both(a, ValueKind::integer)) {
    std::int64_t sum = 0;
    return __builtin_add_overflow(a[0].as.integer, a[1].as.integer, &sum) ? overflow()
                                                                          : Value::of(sum);
  }
  if (both(a, ValueKind::natural)) {
    std::uint64_t sum = 0;
    return __builtin_add_overflow(a[0].as.natural, a[1].as.natural, &sum) ? overflow()
                                                                          : Value::of(sum);
  }
  if (both(a, ValueKind::number)) return Value::of(a[0].as.number + a[1].as.number);
  if (both(a, ValueKind::string) || both(a, ValueKind::bytes)) return joined(context, a[0], a[1]);
  if (a[0].is_list() && a[1].is_list()) return joined_lists(context, a[0], a[1]);
  return add_times(a[0], a[1]);
}

Value subtract(Context&, Arguments a) {
  if (both(a, ValueKind::integer)) {
    std::int64_t rest = 0;
    return __builtin_sub_overflow(a[0].as.integer, a[1].as.integer, &rest) ? overflow()
                                                                           : Value::of(rest);
  }
  if (both(a, ValueKind::natural)) {
    std::uint64_t rest = 0;
    return __builtin_sub_overflow(a[0].as.natural, a[1].as.natural, &rest) ? overflow()
                                                                           : Value::of(rest);
  }
  if (both(a, ValueKind::number)) return Value::of(a[0].as.number - a[1].as.number);
  return subtract_times(a[0], a[1]);
}

Value multiply(Context&, Arguments a) {
  if (both(a, ValueKind::integer)) {
    std::int64_t product = 0;
    return __builtin_mul_overflow(a[0].as.integer, a[1].as.integer, &product) ? overflow()
                                                                              : Value::of(product);
  }
  if (both(a, ValueKind::natural)) {
    std::uint64_t product = 0;
    return __builtin_mul_overflow(a[0].as.natural, a[1].as.natural, &product) ? overflow()
                                                                              : Value::of(product);
  }
  if (both(a, ValueKind::number)) return Value::of(a[0].as.number * a[1].as.number);
  return no_such_overload();
}

Value divided(Arguments a, bool rest) {
  const Value zero =
      Value::failed(Failure::division_by_zero, rest ? "modulus by zero" : "divide by zero");
  if (both(a, ValueKind::integer)) {
    const std::int64_t by = a[1].as.integer;
    if (by == 0) return zero;
    if (by == -1 && a[0].as.integer == INT64_MIN) return overflow();
    return Value::of(rest ? a[0].as.integer % by : a[0].as.integer / by);
  }
  if (both(a, ValueKind::natural)) {
    const std::uint64_t by = a[1].as.natural;
    if (by == 0) return zero;
    return Value::of(rest ? a[0].as.natural % by : a[0].as.natural / by);
  }
  return no_such_overload();
}

Value divide(Context&, Arguments a) {
  // Division of doubles by zero is infinite, as IEEE 754 has it; the sanitizer thinks otherwise.
  if (both(a, ValueKind::number)) return Value::of(quotient(a[0].as.number, a[1].as.number));
  return divided(a, false);
}

Value modulo(Context&, Arguments a) {
  return divided(a, true);
}

Value negate(Context&, Arguments a) {
  if (a[0].is(ValueKind::integer)) {
    return a[0].as.integer == INT64_MIN ? overflow() : Value::of(-a[0].as.integer);
  }
  if (a[0].is(ValueKind::number)) return Value::of(-a[0].as.number);
  return no_such_overload();
}

Value negation(Context&, Arguments a) {
  return a[0].is(ValueKind::boolean) ? Value::of(!a[0].as.boolean) : no_such_overload();
}

template <bool Less, bool Equal>
Value compare(Context& context, Arguments a) {
  context.charge_bytes(a[0].is(ValueKind::string) ? a[0].size : 0);
  const Order found = order(a[0], a[1]);
  if (found == Order::mismatch) return no_such_overload();
  if (found == Order::equal) return Value::of(Equal);
  return Value::of(found == (Less ? Order::less : Order::greater));
}

Value same(Context& context, Arguments a) {
  return Value::of(equal(context, a[0], a[1]));
}

Value different(Context& context, Arguments a) {
  return Value::of(!equal(context, a[0], a[1]));
}

Value contained(Context& context, Arguments a) {
  if (a[1].is_list()) {
    for (Walk walk(a[1]); walk.more() && !context.exhausted; walk.next()) {
      if (equal(context, a[0], walk.value())) return Value::of(true);
    }
    return Value::of(false);
  }
  if (!a[1].is_map()) return no_such_overload();
  return Value::of(find(context, a[1], a[0]).has_value());
}

Value size(Context& context, Arguments a) {
  if (a[0].is(ValueKind::string)) {
    context.charge_bytes(a[0].size);
    return Value::of(static_cast<std::int64_t>(utf8::count(a[0].text())));
  }
  if (a[0].is(ValueKind::bytes)) return Value::of(std::int64_t{a[0].size});
  if (a[0].is_list() || a[0].is_map()) return Value::of(std::int64_t{count_of(a[0])});
  return no_such_overload();
}

Value at(Context& context, Arguments a) {
  return indexed(context, a[0], a[1], false);
}

Value maybe_at(Context& context, Arguments a) {
  return indexed(context, a[0], a[1], true);
}

constexpr std::string_view kOrdered =
    "(bool,bool) bool; (int,int) bool; (uint,uint) bool; (double,double) bool; (int,uint) bool; "
    "(uint,int) bool; (int,double) bool; (double,int) bool; (uint,double) bool; "
    "(double,uint) bool; (string,string) bool; (bytes,bytes) bool; (timestamp,timestamp) bool; "
    "(duration,duration) bool";

constexpr auto kOperatorRows = std::to_array<FunctionRow>({
    {"_+_",
     "(int,int) int; (uint,uint) uint; (double,double) double; (string,string) string; "
     "(bytes,bytes) bytes; (list(A),list(A)) list(A); (timestamp,duration) timestamp; "
     "(duration,timestamp) timestamp; (duration,duration) duration",
     add},
    {"_-_",
     "(int,int) int; (uint,uint) uint; (double,double) double; (timestamp,timestamp) duration; "
     "(timestamp,duration) timestamp; (duration,duration) duration",
     subtract},
    {"_*_", "(int,int) int; (uint,uint) uint; (double,double) double", multiply},
    {"_/_", "(int,int) int; (uint,uint) uint; (double,double) double", divide},
    {"_%_", "(int,int) int; (uint,uint) uint", modulo},
    {"-_", "(int) int; (double) double", negate},
    {"!_", "(bool) bool", negation},
    {"_<_", kOrdered, compare<true, false>},
    {"_<=_", kOrdered, compare<true, true>},
    {"_>_", kOrdered, compare<false, false>},
    {"_>=_", kOrdered, compare<false, true>},
    {"_==_", "(A,A) bool", same},
    {"_!=_", "(A,A) bool", different},
    {"_in_", "(A,list(A)) bool; (A,map(A,B)) bool", contained},
    {"_[_]",
     "(list(A),int) A; (map(A,B),A) B; (optional_type(list(A)),int) optional_type(A); "
     "(optional_type(map(A,B)),A) optional_type(B)",
     at},
    {"_[?_]",
     "(list(A),int) optional_type(A); (map(A,B),A) optional_type(B); "
     "(optional_type(list(A)),int) optional_type(A); "
     "(optional_type(map(A,B)),A) optional_type(B)",
     maybe_at},
    {"size",
     "(string) int; (bytes) int; (list(A)) int; (map(A,B)) int; string.() int; bytes.() int; "
     "list(A).() int; map(A,B).() int",
     size},
});

}  // namespace

Value indexed(Context& context, const Value& target, const Value& key, bool optional) {
  if (target.is(ValueKind::optional)) {
    if (target.as.inner == nullptr) return target;
    const Value inner = indexed(context, *target.as.inner, key, true);
    return inner;
  }
  std::optional<Value> found;
  if (target.is_map()) {
    found = find(context, target, key);
    if (!found && !optional) return no_such_key();
  } else if (target.is_list()) {
    const auto index = as_index(key);
    if (!key.is_number()) return no_such_overload();
    if (index) found = element_at(context, target, *index);
    if (!found && !optional) return Value::failed(Failure::out_of_range, "index out of bounds");
  } else {
    return no_such_overload();
  }
  if (!optional) return *found;
  return found ? context.option(*found) : Value::option(nullptr);
}

double quotient(double a, double b) {
  if (b != 0) return a / b;
  if (a == 0 || a != a) return __builtin_nan("");
  return std::signbit(a) == std::signbit(b) ? __builtin_inf() : -__builtin_inf();
}

std::span<const FunctionRow> operator_rows() {
  return kOperatorRows;
}

}  // namespace pawl::cel
