#include "lang/cel/collection.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace pawl::cel {
namespace {

template <class T>
Order order_of(T a, T b) {
  if (a < b) return Order::less;
  return b < a ? Order::greater : Order::equal;
}

Order flipped(Order order) {
  if (order == Order::less) return Order::greater;
  return order == Order::greater ? Order::less : order;
}

Order order_numbers(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return Order::none;
  return order_of(a, b);
}

// `whole` against the rest of `b` behind its point, once the parts before it are equal.
Order order_fraction(Order whole, double b) {
  if (whole != Order::equal) return whole;
  return order_of(0.0, b - std::trunc(b));
}

Order order_mixed(std::int64_t a, double b) {
  constexpr double edge = 0x1p63;
  if (std::isnan(b)) return Order::none;
  if (b > edge) return Order::less;
  if (b < -edge) return Order::greater;
  if (b == edge) return a == INT64_MAX ? Order::equal : Order::less;
  return order_fraction(order_of(a, static_cast<std::int64_t>(b)), b);
}

Order order_mixed(std::uint64_t a, double b) {
  if (std::isnan(b)) return Order::none;
  if (b >= 0x1p64) return Order::less;
  if (b < 0) return Order::greater;
  return order_fraction(order_of(a, static_cast<std::uint64_t>(b)), b);
}

Order order_mixed(std::int64_t a, std::uint64_t b) {
  if (a < 0) return Order::less;
  return order_of(static_cast<std::uint64_t>(a), b);
}

Order order_of_numbers(const Value& a, const Value& b) {
  using enum ValueKind;
  if (a.kind == integer && b.kind == natural) return order_mixed(a.as.integer, b.as.natural);
  if (a.kind == integer && b.kind == number) return order_mixed(a.as.integer, b.as.number);
  if (a.kind == natural && b.kind == number) return order_mixed(a.as.natural, b.as.number);
  if (a.kind == natural && b.kind == integer)
    return flipped(order_mixed(b.as.integer, a.as.natural));
  if (a.kind == number && b.kind == integer) return flipped(order_mixed(b.as.integer, a.as.number));
  return flipped(order_mixed(b.as.natural, a.as.number));
}

bool equal_lists(Context& context, const Value& a, const Value& b) {
  if (count_of(a) != count_of(b)) return false;
  Walk left(a);
  for (Walk right(b); right.more() && !context.exhausted; left.next(), right.next()) {
    if (!equal(context, left.value(), right.value())) return false;
  }
  return !context.exhausted;
}

bool equal_maps(Context& context, const Value& a, const Value& b) {
  if (count_of(a) != count_of(b)) return false;
  for (Walk walk(a); walk.more() && !context.exhausted; walk.next()) {
    const auto other = find(context, b, walk.key());
    if (!other || !equal(context, walk.value(), *other)) return false;
  }
  return !context.exhausted;
}

bool equal_addresses(const Value& a, const Value& b) {
  const AddressValue& x = *a.as.address;
  const AddressValue& y = *b.as.address;
  return x.six == y.six && x.length == y.length && std::ranges::equal(x.bytes, y.bytes);
}

}  // namespace

std::uint32_t member_of_long_name(const json::Document& document, std::uint32_t object,
                                  std::string_view name) {
  const std::uint32_t end = document.node(object).end;
  for (std::uint32_t at = object + 1; at < end; at = document.node(at + 1).end) {
    if (document.bytes(document.node(at)) == name) return at + 1;
  }
  return 0;
}

namespace {

std::optional<Value> find_text(const Value& map, std::string_view name, const TextWords& words) {
  if (map.is(ValueKind::json_map)) {
    const std::uint32_t node = member_in(*map.as.document, map.size, name, words);
    if (node == 0) return {};
    return Value::of_node(map.as.document, node);
  }
  for (std::uint32_t i = 0; i < map.size; ++i) {
    const Entry& entry = map.as.entries[i];
    if (entry.key.is(ValueKind::string) && entry.key.text() == name) return entry.value;
  }
  return {};
}

}  // namespace

std::uint32_t count_of(const Value& collection) {
  const bool in_document =
      collection.is(ValueKind::json_list) || collection.is(ValueKind::json_map);
  return in_document ? collection.as.document->node(collection.size).size : collection.size;
}

Walk::Walk(const Value& collection)
    : collection_(collection), count_(count_of(collection)), node_(collection.size + 1) {}

void Walk::next() {
  ++index_;
  if (collection_.is(ValueKind::json_list)) {
    node_ = collection_.as.document->node(node_).end;
  } else if (collection_.is(ValueKind::json_map)) {
    node_ = collection_.as.document->node(node_ + 1).end;
  }
}

Value Walk::key() const {
  if (collection_.is(ValueKind::map)) return collection_.as.entries[index_].key;
  return Value::of_node(collection_.as.document, node_);
}

Value Walk::value() const {
  if (collection_.is(ValueKind::list)) return collection_.as.list[index_];
  if (collection_.is(ValueKind::map)) return collection_.as.entries[index_].value;
  if (collection_.is(ValueKind::json_map)) {
    return Value::of_node(collection_.as.document, node_ + 1);
  }
  return Value::of_node(collection_.as.document, node_);
}

std::optional<Value> find_field(const Value& map, const MemberName& name) {
  return find_text(map, name.text, name.words);
}

std::optional<Value> find_field(const Value& map, std::string_view name) {
  return find_text(map, name, TextWords::of(name));
}

std::optional<Value> find(Context& context, const Value& map, const Value& key) {
  context.charge(count_of(map) / 8);
  if (key.is(ValueKind::string)) return find_field(map, key.text());
  if (map.is(ValueKind::json_map)) return {};
  for (std::uint32_t i = 0; i < map.size; ++i) {
    const Entry& entry = map.as.entries[i];
    if (equal(context, entry.key, key)) return entry.value;
  }
  return {};
}

std::optional<Value> element_at(Context& context, const Value& list, std::uint64_t index) {
  if (index >= count_of(list)) return {};
  if (list.is(ValueKind::list)) return list.as.list[index];
  context.charge(index / 8);
  Walk walk(list);
  while (walk.index() < index) walk.next();
  return walk.value();
}

std::optional<std::uint64_t> as_index(const Value& number) {
  if (number.is(ValueKind::natural)) return number.as.natural;
  if (number.is(ValueKind::integer) && number.as.integer >= 0) {
    return static_cast<std::uint64_t>(number.as.integer);
  }
  const bool whole = number.is(ValueKind::number) && number.as.number >= 0 &&
                     number.as.number < 0x1p32 && std::trunc(number.as.number) == number.as.number;
  if (whole) return static_cast<std::uint64_t>(number.as.number);
  return {};
}

Order order(const Value& a, const Value& b) {
  if (a.kind != b.kind) {
    return a.is_number() && b.is_number() ? order_of_numbers(a, b) : Order::mismatch;
  }
  switch (a.kind) {
    case ValueKind::integer:
    case ValueKind::duration:
      return order_of(a.as.integer, b.as.integer);
    case ValueKind::natural:
      return order_of(a.as.natural, b.as.natural);
    case ValueKind::number:
      return order_numbers(a.as.number, b.as.number);
    case ValueKind::boolean:
      return order_of(a.as.boolean, b.as.boolean);
    case ValueKind::string:
    case ValueKind::bytes:
      return order_of(a.text(), b.text());
    case ValueKind::timestamp:
      if (a.as.integer != b.as.integer) return order_of(a.as.integer, b.as.integer);
      return order_of(a.nanoseconds(), b.nanoseconds());
    case ValueKind::null:
    case ValueKind::list:
    case ValueKind::map:
    case ValueKind::json_list:
    case ValueKind::json_map:
    case ValueKind::type:
    case ValueKind::optional:
    case ValueKind::ip:
    case ValueKind::cidr:
    case ValueKind::pattern:
    case ValueKind::zone:
    case ValueKind::error:
      return Order::mismatch;
  }
  return Order::mismatch;
}

bool equal(Context& context, const Value& a, const Value& b) {
  context.charge(1);
  if (a.is_list()) return b.is_list() && equal_lists(context, a, b);
  if (a.is_map()) return b.is_map() && equal_maps(context, a, b);
  if (a.kind != b.kind) {
    return a.is_number() && b.is_number() && order_of_numbers(a, b) == Order::equal;
  }
  switch (a.kind) {
    case ValueKind::null:
      return true;
    case ValueKind::boolean:
      return a.as.boolean == b.as.boolean;
    case ValueKind::integer:
    case ValueKind::natural:
    case ValueKind::number:
    case ValueKind::duration:
    case ValueKind::timestamp:
      return order(a, b) == Order::equal;
    case ValueKind::string:
    case ValueKind::bytes:
    case ValueKind::type:
      context.charge_bytes(a.size);
      return same_text(a, b);
    case ValueKind::optional:
      if (a.as.inner == nullptr || b.as.inner == nullptr) return a.as.inner == b.as.inner;
      return equal(context, *a.as.inner, *b.as.inner);
    case ValueKind::ip:
    case ValueKind::cidr:
      return equal_addresses(a, b);
    case ValueKind::pattern:
    case ValueKind::zone:
    case ValueKind::list:
    case ValueKind::map:
    case ValueKind::json_list:
    case ValueKind::json_map:
    case ValueKind::error:
      return false;
  }
  return false;
}

bool fit_as_key(const Value& value) {
  return value.is(ValueKind::boolean) || value.is(ValueKind::integer) ||
         value.is(ValueKind::natural) || value.is(ValueKind::string);
}

}  // namespace pawl::cel
