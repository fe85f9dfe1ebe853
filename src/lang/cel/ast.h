// The tree of an expression, as the parser makes it and the resolver completes it.
//
// Nodes live in one vector and name each other by index; a node comes after its parts. Operators
// are calls of functions with names that cannot be written: `_+_`, `!_`, `_in_`. `&&`, `||` and
// `?:` have forms of their own, because they do not always evaluate their parts; chains of the
// first two are one node. Macros are gone: what remains of them are folds, binds and `present`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pawl::cel {

using NodeId = std::uint32_t;

enum class Form : std::uint8_t {
  literal,     // `literal`, `text`
  name,        // text, an identifier that is not looked up yet
  variable,    // resolved: `slot` of the activation
  local,       // resolved: `slot` of the frame (a variable of a fold or a bind)
  type_name,   // resolved: text is the name of a type
  select,      // parts[0].text
  call,        // text(parts...), or parts[0].text(parts[1...]) where `receiver`
  list,        // parts; optional[i] where `?` stood before the element
  map,         // parts: key, value, key, value; optional[i] for the entry's key
  all_of,      // && of two or more parts
  any_of,      // || of two or more parts
  choice,      // parts[0] ? parts[1] : parts[2]
  fold,        // macro over a range: see `fold`
  bind,        // cel.bind(variables[0], parts[0], parts[1])
  map_option,  // parts[0].optMap(variables[0], parts[1]); `fold` tells optFlatMap from it
};

enum class Literal : std::uint8_t { null, boolean, integer, natural, number, string, bytes };

// parts: range, body, and filter where there is one. With two variables the first is the index or
// the key, with one it is the element of a list or the key of a map.
enum class Fold : std::uint8_t {
  all,
  exists,
  exists_one,
  map,              // list of bodies; filter as third part
  filter,           // list of the elements whose body is true
  transform_map,    // map of the same keys
  transform_entry,  // map of the entries of the bodies, which are maps
  option_map,       // only with Form::map_option
  option_flat_map,
};

struct Node {
  Form form = Form::literal;
  Literal literal = Literal::null;
  Fold fold = Fold::all;
  bool receiver = false;     // a call with a target
  bool absolute = false;     // a name with a dot before it
  bool present = false;      // a select inside has(...): is it there?
  bool optional = false;     // `.?field`
  bool constant = false;     // resolved: no variable below this node
  std::uint32_t offset = 0;  // where it is in the source: of an operator, the operator itself
  std::uint32_t begin = 0;   // the first byte of all of it
  std::uint32_t slot = 0;
  union {
    bool boolean;
    std::int64_t integer;
    std::uint64_t natural;
    double number;
  } as = {.integer = 0};
  std::string text;
  std::vector<NodeId> parts;
  std::vector<std::string> variables;      // of a fold or a bind
  std::vector<std::uint32_t> frame_slots;  // resolved: of the variables
  std::vector<bool> optional_parts;
};

struct Tree {
  std::vector<Node> nodes;
  NodeId root = 0;
  std::uint32_t frame_size = 0;  // resolved: locals that are alive at once, at most

  const Node& operator[](NodeId id) const { return nodes[id]; }
  Node& operator[](NodeId id) { return nodes[id]; }
};

}  // namespace pawl::cel
