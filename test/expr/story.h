// Generated expressions: a tree of our own, how it is written as text, and what it means.
//
// Nothing here knows the code under test. The tree is made before there is a text, so the parser is
// compared too, and `meaning` walks it with values of the standard library, as slowly and plainly
// as the language's definition is written.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <variant>
#include <vector>

namespace pawl::story {

// The types of generated expressions, in the language: bool, int, double, string, list(int),
// list(string), map(string, int).
enum class Kind : std::uint8_t { truth, whole, real, text, wholes, texts, table };

enum class Op : std::uint8_t {
  literal,
  argument,   // args.NAME
  or_value,   // an argument that may be missing, and what holds without it
  absent_or,  // !has(args.NAME) || part, where part may read it
  is_member,  // args.choice == "…"
  local,      // the variable of a macro
  negate,
  invert,
  add,
  subtract,
  multiply,
  divide,
  modulo,
  less,
  less_equal,
  greater,
  greater_equal,
  equal,
  not_equal,
  both,
  either,
  choose,
  size,
  starts_with,
  ends_with,
  contains,
  lower,
  spelled,  // string(whole)
  within,   // a in b
  index,    // list[whole], table[text]
  list,
  table,
  all,
  exists,
  exists_one,
  map,
  filter,
};

struct Failed {
  friend bool operator==(Failed, Failed) = default;
};
using Wholes = std::vector<std::int64_t>;
using Texts = std::vector<std::string>;
using Table = std::map<std::string, std::int64_t>;
using Thing = std::variant<Failed, bool, std::int64_t, double, std::string, Wholes, Texts, Table>;

struct Part {
  Op op = Op::literal;
  Kind kind = Kind::truth;
  Thing literal;
  std::string name;  // of an argument or a local
  std::vector<std::unique_ptr<Part>> parts;
};
using PartRef = std::unique_ptr<Part>;

// The arguments of a call: `o` and `r.q` may be missing.
struct Arguments {
  std::map<std::string, Thing> given;
};
inline constexpr const char* schema = R"({
  "type": "object", "required": ["a", "b", "d", "s", "t", "xs", "ss", "m", "r", "choice"],
  "properties": {
    "a": {"type": "integer"}, "b": {"type": "integer"}, "d": {"type": "number"},
    "s": {"type": "string"}, "t": {"type": "string"}, "choice": {"enum": ["low", "mid", "high"]},
    "xs": {"type": "array", "items": {"type": "integer"}},
    "ss": {"type": "array", "items": {"type": "string"}},
    "m": {"type": "object", "additionalProperties": {"type": "integer"}},
    "o": {"type": "integer"},
    "r": {"type": "object", "required": ["p"],
          "properties": {"p": {"type": "integer"}, "q": {"type": "string"}}}
  }})";
Arguments arguments(std::mt19937_64& random);
std::string as_json(const Arguments& arguments);

PartRef expression(std::mt19937_64& random, Kind kind, int depth);
std::string as_text(const Part& part);
Thing meaning(const Part& part, const Arguments& arguments);

// For messages.
std::string shown(const Thing& thing);

}  // namespace pawl::story
