// The compiled form: one Node for each schema of the document, in one array. Private to this room.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "lang/json_schema/format.h"
#include "lang/json_schema/number.h"
#include "lang/json_schema/pattern.h"
#include "lang/json_schema/schema.h"

namespace pawl::json_schema {

using NodeId = std::uint32_t;
inline constexpr NodeId no_node = std::numeric_limits<NodeId>::max();
inline constexpr std::uint64_t no_bound = std::numeric_limits<std::uint64_t>::max();

// Kinds of values as bits. `fraction` is a number with something behind the point.
using Kinds = std::uint8_t;
inline constexpr Kinds kind_null = 1, kind_boolean = 2, kind_whole = 4, kind_fraction = 8,
                       kind_string = 16, kind_array = 32, kind_object = 64, kind_any = 127;

struct NameKey {
  std::uint64_t size = 0, head = 0, tail = 0;  // numbers in the order of their bytes
  static NameKey of(std::string_view name);
};

// Names in an order that is cheap to search: by size, then by bytes, of which the first and the
// last eight are compared as numbers. No hash that could be made to collide.
struct Named {
  std::string name;
  NameKey key;
  NodeId node = no_node;  // `no_node`: not among `properties`
  bool required = false;
};
class Names {
 public:
  void add(std::string_view name, NodeId node, bool required);  // a name twice: united
  void sort();
  const Named* find(std::string_view name) const;
  std::vector<Named> all;
};

struct TextRules {
  std::uint64_t length_min = 0, length_max = no_bound;  // code points
  const Pattern* pattern = nullptr;
  std::optional<Format> format;
};

struct NumberRules {
  json::View min, max;  // of the schema's own document
  bool min_exclusive = false, max_exclusive = false;
  std::optional<Decimal> multiple_of;
};

struct ArrayRules {
  std::vector<NodeId> prefix;
  NodeId rest = no_node;  // elements behind the prefix
  NodeId contains = no_node;
  std::uint64_t contains_min = 1, contains_max = no_bound;
  std::uint64_t size_min = 0, size_max = no_bound;
  bool unique = false;
  bool contains_evaluates = true;  // not in 2019-09
  NodeId unevaluated = no_node;
};

struct Dependent {
  std::string name;
  std::vector<std::string> required;
  NodeId schema = no_node;
};
struct ObjectRules {
  Names properties;
  std::uint32_t required = 0;  // how many of `properties`
  struct Matching {
    const Pattern* pattern;
    NodeId node;
  };
  std::vector<Matching> patterns;
  NodeId additional = no_node;
  NodeId names = no_node;
  std::uint64_t size_min = 0, size_max = no_bound;
  std::vector<Dependent> dependents;
  NodeId unevaluated = no_node;
};

// A reference that looks for the outermost resource with an anchor of this name.
struct DynamicAnchor {
  std::string name;
  struct Place {
    std::uint32_t resource;
    NodeId node;
  };
  std::vector<Place> places;
};

// Schemas about the same value.
struct InPlace {
  NodeId reference = no_node;
  NodeId dynamic = no_node;  // where a $dynamicRef leads without a dynamic scope
  std::optional<std::uint32_t> dynamic_anchor;
  std::vector<NodeId> all_of, any_of, one_of;
  NodeId negated = no_node;
  NodeId condition = no_node, then = no_node, otherwise = no_node;
};

struct Literals {
  std::vector<json::View> values;
  Names texts;          // those that are strings
  bool single = false;  // `const`
};

struct Node {
  Kinds kinds = kind_any;
  bool plain = true;           // `kinds` is all it says
  bool nothing = false;        // the schema `false`
  bool broken = false;         // has no plain meaning: a value that needs it is undecided
  std::uint32_t place = 0;     // in the schema's document
  std::uint32_t resource = 0;  // whose dynamic anchors it opens
  std::unique_ptr<TextRules> text;
  std::unique_ptr<NumberRules> number;
  std::unique_ptr<ArrayRules> array;
  std::unique_ptr<ObjectRules> object;
  std::unique_ptr<InPlace> in_place;
  std::vector<Literals> literals;  // each of them must hold the value
};

struct Compiled {
  json::Document document;  // a canonical copy of the schema
  Limits limits;
  std::vector<Node> nodes;  // the first is the root
  std::vector<std::unique_ptr<Pattern>> patterns;
  std::vector<DynamicAnchor> anchors;
  bool dynamic = false;  // some $dynamicRef needs the dynamic scope
  std::vector<Finding> findings;
};

}  // namespace pawl::json_schema
