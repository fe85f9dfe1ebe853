// What a function of an expression gets besides its arguments: memory and fuel.
//
// Fuel is counted down: 1 for each instruction and each element that is looked at, 1 for every 64
// bytes of text. Where it runs out, or memory does, `exhausted` is set, no fuel is left for the
// rest of the decision, and the evaluation ends with that error, whatever `||` would have made of
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "lang/cel/scratch.h"
#include "lang/cel/value.h"

namespace pawl::cel {

struct Fuel {
  std::uint64_t left = fuel_default;
};

struct Context {
  Scratch& scratch;
  std::uint64_t fuel;
  bool exhausted = false;

  void charge(std::uint64_t units) {
    if (units > fuel) [[unlikely]] {
      exhaust();
    } else {
      fuel -= units;
    }
  }
  void exhaust() {
    fuel = 0;
    exhausted = true;
  }
  void charge_bytes(std::size_t bytes) { charge(bytes / 64); }

  Value out_of_memory() {
    exhaust();
    return Value::failed(Failure::exhausted, "the expression needs too much memory");
  }

  // Copies that live as long as the result.
  Value string(std::string_view text) { return copied(ValueKind::string, text); }
  Value bytes(std::string_view text) { return copied(ValueKind::bytes, text); }
  // An error with a text of its own; the other ones point to constants.
  Value error(Failure failure, std::string_view text) {
    Value out = copied(ValueKind::error, text);
    out.failure = out.failed() && !exhausted ? failure : out.failure;
    return out;
  }
  Value option(const Value& inner) {
    auto* place = scratch.take_many<Value>(1);
    if (place == nullptr) return out_of_memory();
    *place = inner;
    return Value::option(place);
  }
  Value list(std::span<const Value> elements) {
    charge(elements.size());
    auto* place = scratch.take_many<Value>(elements.size());
    if (place == nullptr) return out_of_memory();
    if (!elements.empty()) std::memcpy(place, elements.data(), elements.size_bytes());
    return Value::list_of(place, elements.size());
  }

 private:
  Value copied(ValueKind kind, std::string_view text) {
    charge_bytes(text.size());
    auto* place = scratch.take_many<char>(text.size());
    if (place == nullptr) return out_of_memory();
    if (!text.empty()) std::memcpy(place, text.data(), text.size());
    Value out = Value::of(std::string_view(place, text.size()));
    out.kind = kind;
    return out;
  }
};

inline Value no_such_overload() {
  return Value::failed(Failure::no_such_overload, "no such overload");
}
inline Value no_such_key() {
  return Value::failed(Failure::no_such_key, "no such key");
}

using Arguments = std::span<const Value>;

// The first argument that is an error, else that there is no function for these arguments.
inline Value first_error(Arguments arguments) {
  for (const Value& each : arguments) {
    if (each.failed()) return each;
  }
  return no_such_overload();
}

}  // namespace pawl::cel
