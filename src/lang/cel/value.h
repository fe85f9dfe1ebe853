// Values of running expressions.
//
// A value is 16 bytes and copied freely. What does not fit is elsewhere and only pointed at: the
// bytes of a string, the elements of a list, a JSON document with another owner. Whatever a
// value points at has to outlive it: results live in the `Scratch` of their evaluation (or in the
// program, or in the document that was read), until the next evaluation with the same scratch.
//
// Lists and maps come in two flavours, made by an expression or still lying in a JSON document;
// `Elements` and `Entries` (collection.h) hide the difference.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/json.h"

namespace re2 {
class RE2;
}

namespace pawl {
class Zone;
}

namespace pawl::cel {

enum class ValueKind : std::uint8_t {
  null,
  boolean,
  integer,
  natural,
  number,
  string,
  bytes,
  list,       // of our own: `list`, size elements
  map,        // of our own: `entries`, size entries
  json_list,  // an array of a document
  json_map,   // an object of a document
  timestamp,  // seconds since 1970, and nanoseconds that always count forward
  duration,   // nanoseconds
  type,       // text: its name
  optional,   // `inner`, null for none
  ip,
  cidr,
  pattern,  // a compiled regular expression, only as a constant argument
  zone,     // a time zone, only as a constant argument
  error,    // text: what went wrong; size its length, `fault` its kind
};

// What went wrong. `exhausted` is never absorbed by `&&` and `||`.
enum class Failure : std::uint8_t {
  no_such_overload,
  no_such_key,
  no_such_name,
  wrong_type,  // a value of the document is not what its schema says
  out_of_range,
  overflow,
  division_by_zero,
  invalid,  // an argument that the function can't take
  exhausted,
};

struct Value;
struct Entry;
struct AddressValue;

struct Value {
  ValueKind kind = ValueKind::null;
  Failure failure = Failure::invalid;
  std::uint32_t size =
      0;  // bytes, elements, entries; nanoseconds of a timestamp; index of a JSON node
  union {
    bool boolean;
    std::int64_t integer;  // also seconds of a timestamp, nanoseconds of a duration
    std::uint64_t natural;
    double number;
    const char* text;
    const Value* list;
    const Entry* entries;
    const json::Document* document;
    const Value* inner;
    const AddressValue* address;
    const re2::RE2* pattern;
    const Zone* zone;
  } as = {.integer = 0};

  static Value of(bool value) {
    Value out{.kind = ValueKind::boolean};
    out.as.boolean = value;
    return out;
  }
  static Value of(std::int64_t value) {
    Value out{.kind = ValueKind::integer};
    out.as.integer = value;
    return out;
  }
  static Value of(std::uint64_t value) {
    Value out{.kind = ValueKind::natural};
    out.as.natural = value;
    return out;
  }
  static Value of(double value) {
    Value out{.kind = ValueKind::number};
    out.as.number = value;
    return out;
  }
  // A string that lives elsewhere.
  static Value of(std::string_view text) { return text_of(ValueKind::string, text); }
  static Value of(const char*) = delete;  // would be a boolean
  static Value bytes_of(std::string_view text) { return text_of(ValueKind::bytes, text); }
  static Value type_of(std::string_view name) { return text_of(ValueKind::type, name); }
  static Value failed(Failure failure, std::string_view what) {
    Value out = text_of(ValueKind::error, what);
    out.failure = failure;
    return out;
  }
  static Value point(std::int64_t seconds, std::int32_t nanoseconds) {
    Value out{.kind = ValueKind::timestamp, .size = static_cast<std::uint32_t>(nanoseconds)};
    out.as.integer = seconds;
    return out;
  }
  static Value length(std::int64_t nanoseconds) {
    Value out{.kind = ValueKind::duration};
    out.as.integer = nanoseconds;
    return out;
  }
  static Value list_of(const Value* elements, std::size_t count) {
    Value out{.kind = ValueKind::list, .size = static_cast<std::uint32_t>(count)};
    out.as.list = elements;
    return out;
  }
  static Value map_of(const Entry* entries, std::size_t count) {
    Value out{.kind = ValueKind::map, .size = static_cast<std::uint32_t>(count)};
    out.as.entries = entries;
    return out;
  }
  static Value option(const Value* inner) {
    Value out{.kind = ValueKind::optional};
    out.as.inner = inner;
    return out;
  }
  // Numbers keep their kind: int where it fits, else uint, else double. Nothing becomes null.
  static Value of(json::View view) {
    return view.exists() ? of_node(view.document(), view.index()) : Value{};
  }
  static Value of_node(const json::Document* document, std::uint32_t index);

  bool is(ValueKind wanted) const { return kind == wanted; }
  bool failed() const { return kind == ValueKind::error; }
  bool is_true() const { return kind == ValueKind::boolean && as.boolean; }
  bool is_false() const { return kind == ValueKind::boolean && !as.boolean; }
  bool is_number() const {
    return kind == ValueKind::integer || kind == ValueKind::natural || kind == ValueKind::number;
  }
  bool is_list() const { return kind == ValueKind::list || kind == ValueKind::json_list; }
  bool is_map() const { return kind == ValueKind::map || kind == ValueKind::json_map; }
  // Of a string, bytes, a type or an error.
  std::string_view text() const { return {as.text, size}; }
  std::int64_t seconds() const { return as.integer; }
  std::int32_t nanoseconds() const { return static_cast<std::int32_t>(size); }
  json::View view() const { return {as.document, size}; }  // of a json_list or json_map

 private:
  [[gnu::noinline]] static Value of_other_node(const json::Document* document, std::uint32_t index);
  static Value text_of(ValueKind kind, std::string_view text) {
    Value out{.kind = kind, .size = static_cast<std::uint32_t>(text.size())};
    out.as.text = text.data();
    return out;
  }
};
static_assert(sizeof(Value) == 16);

struct Entry {
  Value key;
  Value value;
};

struct AddressValue {
  std::uint8_t bytes[16] = {};
  bool six = false;
  std::uint8_t length = 0;  // of a prefix
};

// The commonest kinds where it is called, the others in value.cpp.
inline Value Value::of_node(const json::Document* document, std::uint32_t index) {
  const json::Node& node = document->node(index);
  if (node.kind == json::Kind::string) return of(document->bytes(node));
  if (node.kind == json::Kind::integer) return of(node.as.integer);
  return of_other_node(document, index);
}

// `int`, `list`, `google.protobuf.Timestamp`: the name of the type of a value.
std::string_view type_name(const Value& value);

}  // namespace pawl::cel
