// YAML as pawl reads it: one document, no surprises, every mistake at once, all of it located.
//
// The reader accepts the part of YAML in which a reviewer and a parser cannot disagree. Refused,
// each with its place: invalid UTF-8, a byte order mark, characters that cannot be seen, tabs as
// indentation, directives, anchors, aliases, tags, merge keys, a second document, an empty file,
// duplicate keys (also after case folding), keys that are not plain words (no quotes, no blanks, a
// `:` behind them), nesting deeper than 64. What is read is a tree of `Node`s with positions; what
// a scalar means is asked for with `as_…`, which accepts one spelling only (`true`/`false`, decimal
// integers, decimals without exponent), and never a quoted one where a number or boolean is meant.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pawl::yaml {

enum class Kind : std::uint8_t { null, scalar, sequence, map };

struct Entry;

struct Node {
  Kind kind = Kind::null;
  Position at;
  std::string text;            // of a scalar
  bool quoted = false;         // single or double quotes, or a block scalar
  std::vector<Node> items;     // of a sequence
  std::vector<Entry> entries;  // of a map, in the order of the file

  const Node* find(std::string_view key) const;  // a map's value, or null
  const Entry* entry(std::string_view key) const;

  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_map() const { return kind == Kind::map; }
  bool is_sequence() const { return kind == Kind::sequence; }

  // Unquoted `true` or `false` only.
  std::optional<bool> as_boolean() const;
  // Unquoted decimal digits with an optional minus, in 64 bits.
  std::optional<std::int64_t> as_integer() const;
  // Unquoted decimal number without exponent; `digits` as written.
  std::optional<double> as_number() const;
  // What was found, for messages: "a list", "a mapping", "nothing", "`yes`", "the quoted text `5`".
  std::string described() const;
};

struct Entry {
  std::string key;
  Position key_at;
  Node value;
};

struct Read {
  Node root;                  // null kind when nothing could be read
  std::vector<Error> errors;  // empty means the tree is complete and trustworthy
  // False when reading ended before the end of the file: what the tree lacks may be in the file.
  // Where errors are there and this is true, values stand in the tree as they were probably meant,
  // so that further mistakes can be found.
  bool whole = true;
};

// How much is to be found. A person who wrote a file wants every mistake at once, which may take as
// many readings as there are mistakes; of a text that only passes or fails, one is enough, in one
// reading.
enum class Mistakes : std::uint8_t { all, one };

// `file` is the name used in positions. At most `bytes_max` bytes are read.
Read read(std::string_view text, std::string_view file, std::size_t bytes_max = 4UL << 20,
          Mistakes wanted = Mistakes::all);

}  // namespace pawl::yaml
