// Lists and maps, whether an expression made them or they still lie in a JSON document; and when
// two values are equal or in order.
//
// Numbers are compared by their mathematical value, whatever their types; a double of exactly 2^63
// stands for the largest int. NaN equals nothing. Values of other types are equal only within one
// type; lists element by element, maps without regard to order.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>

#include "kernel/expr/context.h"
#include "kernel/expr/value.h"

namespace pawl::expr {

// Elements of a list, entries of a map. Precondition: it is one.
std::uint32_t count_of(const Value& collection);

// Goes through a list or a map: `for (Walk w(v); w.more(); w.next()) use(w.value());`
class Walk {
 public:
  explicit Walk(const Value& collection);
  bool more() const { return index_ < count_; }
  void next();
  void stop() { count_ = 0; }
  bool of_map() const { return collection_.is_map(); }
  std::uint32_t index() const { return index_; }
  Value key() const;    // of a map
  Value value() const;  // the element, or the entry's value

 private:
  Value collection_;
  std::uint32_t index_ = 0;
  std::uint32_t count_;
  std::uint32_t node_ = 0;  // of a document: the element, or the key
};

std::optional<Value> find(Context& context, const Value& map, const Value& key);
// A member by name; the common way into arguments. False where there is none.
bool find_member(const Value& map, std::string_view name, Value& member);
std::optional<Value> find_field(const Value& map, std::string_view name);
std::optional<Value> element_at(Context& context, const Value& list, std::uint64_t index);

// Whether the number is whole and not negative, as an index; also of uint and double.
std::optional<std::uint64_t> as_index(const Value& number);

enum class Order : std::uint8_t { less, equal, greater, none, mismatch };
Order order(const Value& a, const Value& b);
bool equal(Context& context, const Value& a, const Value& b);
// The same bytes; of two strings, or two of whatever else is a text.
inline bool same_text(const Value& a, const Value& b) {
  return a.size == b.size && (a.size == 0 || std::memcmp(a.as.text, b.as.text, a.size) == 0);
}
// `equal` for two strings, with the same charge: the commonest question of all.
inline bool equal_texts(Context& context, const Value& a, const Value& b) {
  context.charge(1 + a.size / 64);
  return same_text(a, b);
}

// Keys of maps: bool, int, uint and string.
bool fit_as_key(const Value& value);

}  // namespace pawl::expr
