// A tool as its server describes it, read into what the policy needs.
//
// Nothing that a server says here is trusted: annotations and descriptions may raise a class and
// never lower one, the schema says which arguments exist and what type they have (rule
// 6), and the digest of the whole definition is what `pawl.lock` pins. Only local facts of JSON
// Schema 2020-12 are read: properties, required, type, enum, const, items, maxLength, format,
// additionalProperties, local `$ref` into `$defs`, and the same of the branches of `allOf`,
// `anyOf`, `oneOf`, `then`, `else` and `dependentSchemas`, of which those that need not hold say
// what may be. A value whose type the schema does not say plainly (`anyOf` alone, several types, a
// reference that leads nowhere or around a circle) is of type `any`. No network reference is ever
// followed. Those facts are the Shape, which the policy is checked against; the arguments of a call
// are checked against the whole schema (`validator`).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "lang/json_schema/schema.h"

namespace pawl {

enum class ValueType : std::uint8_t { any, null, boolean, integer, number, string, array, object };
std::string_view to_string(ValueType type);

// What a schema says about one value. `properties` of an object, `element` of an array.
struct Shape {
  ValueType type = ValueType::any;
  std::optional<std::vector<std::string>> choices;  // canonical JSON of each `enum` member
  std::optional<std::uint64_t> length_max;          // characters, of a string
  bool address = false;    // is there to be an address: says so by format or description
  bool long_text = false;  // may hold line breaks: says so by format, name or a large maxLength
  struct Property;
  std::vector<Property> properties;
  std::shared_ptr<const Shape> element;
  bool open = true;  // additionalProperties is not false
  // It has members that it does not list, or may have: by what it says of other names, or because
  // it lists none. One that lists some and says nothing of others is taken to mean those.
  bool unlisted = false;
  bool unlisted_said = false;  // not only because it lists none
  bool any_member = false;     // some branch is an object that lists none: its keys are data
  bool whole = false;          // an integer fits: by its type, by one of several, or by a branch

  const Property* find(std::string_view name) const;
  // After the properties are complete: names are found by halves where there are many, because each
  // member of a call is looked for.
  void index_names();

 private:
  std::vector<std::uint32_t> by_name_;  // positions; empty: not indexed
};
struct Shape::Property {
  std::string name;
  bool required = false;
  Shape shape;
  std::string description;
};

struct ToolDefinition {
  std::string server;  // empty where the door has only one
  std::string name;    // exactly as offered
  std::string title;
  std::string description;
  Shape arguments;          // of type object
  bool has_schema = false;  // an inputSchema of type object was given
  std::shared_ptr<const json_schema::Schema>
      validator;                // of the arguments; null: none, or see below
  std::string validator_fault;  // why the schema cannot be checked: every call is denied
  struct Hints {
    std::optional<bool> read_only, destructive, idempotent, open_world;
  } hints;
  std::string text;                // canonical JSON of the definition as offered, `_meta` included
  Digest digest{};                 // SHA-256 of `text`
  bool hidden_characters = false;  // somewhere in any string of it (S09: can never be accepted)
};

// Whether a description hides something. Line breaks and tabs belong to prose; every other
// invisible character does not.
bool hides_characters(std::string_view prose);

// Reads one element of a tools/list result. Errors name the member: `inputSchema.type` and so on.
Result<ToolDefinition> parse_definition(json::View tool, std::string_view server);

// One page of a tools/list: what can be read of it. A tool that cannot be read is left out, alone,
// and named with the reason; one that stands there twice, word for word, is one.
struct ToolsRead {
  std::vector<ToolDefinition> tools;
  std::vector<std::string> left_out;  // `NAME: reason`, fit to be printed
};
void read_tools(json::View list, std::string_view server, ToolsRead& into);

// For `decide`, where the caller may give only parts. `schema` and `annotations` may not exist.
Result<ToolDefinition> definition_of(std::string_view server, std::string_view name,
                                     json::View schema, json::View annotations);

// Names of one list that cannot be told apart: equal, equal after folding, or holding characters
// that a name may not have ('/', controls, hidden ones, more than name_bytes_max bytes). None of
// them is callable (S11). Returns, for each tool, an empty string or why it is refused.
inline constexpr std::size_t name_bytes_max = 128;
std::vector<std::string> refused_names(const std::vector<ToolDefinition>& tools);

// The form in which two names look the same: folded, then letters of other alphabets that look like
// Latin ones replaced by them (a small table of our own, definition.cpp), and `0`, `1` by `o`, `l`.
std::string skeleton(std::string_view name);

// An argument's name that by custom holds text of several lines: `body`, `content`, `newText`.
bool names_long_text(std::string_view argument_name);
// Whether its description says so: a manifest, the contents of a file, Markdown, several lines.
// Never of one whose name says that it names or chooses something (`path`, `format`).
bool describes_long_text(std::string_view argument_name, std::string_view description);

// A name cut into its words, lower case: at punctuation, digits and case changes, so that
// `getHTTPPage2` is get, http, page. Letters beyond ASCII stay in their word.
std::vector<std::string> words_of(std::string_view name);

}  // namespace pawl
