#include "kernel/config/keys_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/json.h"
#include "base/text.h"
#include "kernel/config/keys.h"

namespace pawl {

namespace {

using enum Section;

// How the values of one type are written. Types that lead into another section are below.
struct TypeSchema {
  std::string_view type, schema;
};
constexpr std::string_view kTextsSchema =
    R"({"anyOf":[{"type":"string"},{"type":"array","items":{"type":"string"},"minItems":1}]})";
constexpr std::string_view kTextListSchema =
    R"({"type":"array","items":{"type":"string"},"minItems":1})";
constexpr std::string_view kValuesSchema =
    R"({"anyOf":[{"type":["string","number","boolean"]},)"
    R"({"type":"array","items":{"type":["string","number","boolean"]},"minItems":1}]})";
constexpr std::string_view kSourcesSchema =
    R"({"anyOf":[{"const":"user"},{"type":"string","pattern":"^[$]."},{"type":"object",)"
    R"("properties":{"result":{"type":"string"}},"required":["result"],)"
    R"("additionalProperties":false},{"type":"array","minItems":1,"items":{"anyOf":[)"
    R"({"const":"user"},{"type":"string","pattern":"^[$]."},{"type":"object","properties":)"
    R"({"result":{"type":"string"}},"required":["result"],"additionalProperties":false}]}}]})";
constexpr std::array kTypes = {
    TypeSchema{"source or list of sources", kSourcesSchema},
    TypeSchema{"text", R"({"type":"string","minLength":1})"},
    TypeSchema{
        "words",
        R"({"type":"string","pattern":)"
        R"("^(read_only|read only|reversible|irreversible|small|large|external_sink|by_call))"
        R"(( (read_only|reversible|irreversible|small|large|external_sink))*$"})"},
    TypeSchema{"text or list of texts", kTextsSchema},
    TypeSchema{"text or list", kTextsSchema},
    TypeSchema{"list of roles", kTextsSchema},
    TypeSchema{"list of teams", kTextsSchema},
    TypeSchema{"text or credentials by argument",
               R"({"anyOf":[{"type":"string","minLength":1},{"type":"object","properties":)"
               R"({"of":{"type":"string"}},"required":["of"],"minProperties":2,)"
               R"("additionalProperties":{"type":"string","minLength":1}}]})"},
    TypeSchema{"true or an argument",
               R"({"anyOf":[{"const":true},{"type":"string","pattern":"^args[.]."}]})"},
    TypeSchema{"list of texts", kTextsSchema},
    TypeSchema{"list of names", kTextsSchema},
    TypeSchema{"list of packs", R"({"type":"array","minItems":1,)"
                                R"("items":{"type":"string","pattern":"^pawl:[^@]+@[0-9]+$"}})"},
    TypeSchema{"list of words", kTextsSchema},
    TypeSchema{"list of files", kTextListSchema},
    TypeSchema{"list of persons or groups", kTextsSchema},
    TypeSchema{"person", R"({"type":"string","minLength":1})"},
    TypeSchema{"list of rights", R"({"anyOf":[{"enum":["propose","settle","watch","speak"]},)"
                                 R"({"type":"array","minItems":1,"items":)"
                                 R"({"enum":["propose","settle","watch","speak"]}}]})"},
    TypeSchema{"list of `reversible`", R"({"anyOf":[{"const":"reversible"},)"
                                       R"({"type":"array","minItems":1,)"
                                       R"("items":{"const":"reversible"}}]})"},
    TypeSchema{"list of algorithms",
               R"({"anyOf":[{"enum":["EdDSA","ES256","ES384","RS256","PS256"]},)"
               R"({"type":"array","minItems":1,"items":)"
               R"({"enum":["EdDSA","ES256","ES384","RS256","PS256"]}}]})"},
    TypeSchema{"any mapping", R"({"type":"object"})"},
    TypeSchema{"mapping of claims", R"({"type":"object","minProperties":1,)"
                                    R"("additionalProperties":)"
                                    R"({"type":["string","integer","boolean"]}})"},
    TypeSchema{"mapping of permissions",
               R"({"type":"object","minProperties":1,"additionalProperties":)"
               R"({"enum":["read","write","admin"]}})"},
    TypeSchema{"text or number", R"({"type":["string","integer"]})"},
    TypeSchema{"list of fields", kTextListSchema},
    TypeSchema{"list of values", kValuesSchema},
    TypeSchema{"whole number", R"({"type":"integer","minimum":0})"},
    TypeSchema{"number", R"({"type":"number"})"},
    TypeSchema{"decimal number", R"({"type":"number","minimum":0})"},
    TypeSchema{"true or false", R"({"type":"boolean"})"},
    TypeSchema{"period, `agent` or argument", R"({"type":"string","minLength":1})"},
    TypeSchema{"argument or `agent`", R"({"type":"string","minLength":1})"},
    TypeSchema{"duration", R"({"type":"string","pattern":"^([0-9]+(ms|s|m|h|d|w))+$"})"},
    TypeSchema{"duration or `off`", R"({"anyOf":[{"const":"off"},)"
                                    R"({"type":"string","pattern":"^([0-9]+(ms|s|m|h|d|w))+$"}]})"},
    TypeSchema{"date or instant", R"({"type":"string","pattern":"^[0-9]{4}-[0-9]{2}-[0-9]{2}"})"},
    TypeSchema{"local time or instant",
               R"({"type":"string","pattern":"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}"})"},
    TypeSchema{"expression", R"({"type":"string","minLength":1})"},
    TypeSchema{
        "whole number or expression",
        R"({"anyOf":[{"type":"integer","minimum":0},{"type":"string","pattern":"[.(<>=!]"}]})"},
    TypeSchema{"true, false or expression",
               R"({"anyOf":[{"type":"boolean"},{"type":"string","pattern":"[.(<>=!]"}]})"},
};

std::string reference_to(Section section) {
  std::string name;
  for (const char c : place(section)) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_') name += c;
    if (c == '.' || c == ' ') name += '-';
  }
  return name;
}

std::string ref(Section section) {
  return fmt::format(R"({{"$ref":"#/$defs/{}"}})", reference_to(section));
}

// `a`, `b` or `c` in backticks: one of these words.
std::optional<std::string> word_list(std::string_view type) {
  if (!type.starts_with('`')) return std::nullopt;
  json::Writer out;
  out.object().key("enum").array();
  bool inside = false;
  for (const std::string_view part : split(type, '`')) {
    if (inside && part == "1") {
      out.integer(1);
    } else if (inside) {
      out.string(part);
    }
    inside = !inside;
  }
  out.end().end();
  return out.take();
}

std::optional<std::string> led_to(const KeyType& type) {
  std::string to = ref(type.to);
  switch (type.holds) {
    case KeyType::Holds::value:
      return std::nullopt;
    case KeyType::Holds::mapping:
      return to;
    case KeyType::Holds::list:
      return fmt::format(R"({{"type":"array","items":{},"minItems":1}})", to);
    case KeyType::Holds::names:
      return fmt::format(R"({{"type":"object","additionalProperties":{}}})", to);
  }
  return std::nullopt;
}

// Types that hold mappings of a section beside other values.
std::optional<std::string> special(std::string_view type) {
  if (type == "list of rows, or a mapping") {
    return fmt::format(R"({{"anyOf":[{{"type":"array","items":{},"minItems":1}},{}]}})", ref(row),
                       ref(commands));
  }
  if (type == "true, or a mapping") {
    return fmt::format(R"({{"anyOf":[{{"type":"boolean"}},{}]}})", ref(row_writes));
  }
  if (type == "list of texts or rows") {
    return fmt::format(
        R"({{"type":"array","items":{{"anyOf":[{{"type":"string"}},{}]}},"minItems":1}})",
        ref(line_row));
  }
  if (type == "counters") {
    return fmt::format(
        R"({{"anyOf":[{{"type":"object","additionalProperties":{0}}},{{"type":"array",)"
        R"("minItems":1,"items":{{"anyOf":[{{"type":"string"}},{0}]}}}}]}})",
        ref(counter));
  }
  if (type == "mapping of arguments" || type == "mapping of members") {
    return fmt::format(R"({{"type":"object","additionalProperties":{{"anyOf":[{},{}]}}}})",
                       kValuesSchema, ref(argument));
  }
  if (type == "expression or mapping of arguments") {
    return fmt::format(R"({{"anyOf":[{{"type":"string","minLength":1}},)"
                       R"({{"type":"object","additionalProperties":{{"anyOf":[{},{}]}}}}]}})",
                       kValuesSchema, ref(argument));
  }
  if (type == "list of names and mappings") {
    return fmt::format(
        R"({{"type":"array","minItems":1,"items":{{"anyOf":[{{"type":"string"}},{}]}}}})",
        ref(task_tool));
  }
  if (type == "`development`, `staging`, `production` or mapping") {
    return fmt::format(R"({{"anyOf":[{{"enum":["development","staging","production"]}},{}]}})",
                       ref(environment));
  }
  if (type == "list of lines or mappings") {
    return R"({"anyOf":[{"type":"string"},{"type":"array","minItems":1,)"
           R"("items":{"type":["string","object"]}}]})";
  }
  if (type == "mapping of names to lists") {
    return fmt::format(R"({{"type":"object","additionalProperties":{{"anyOf":[{},{}]}}}})",
                       kValuesSchema, ref(list));
  }
  if (type == "mapping of names to sources") {
    return fmt::format(R"({{"type":"object","additionalProperties":{}}})", kSourcesSchema);
  }
  if (type == "mapping of group names") {
    return fmt::format(R"({{"type":"object","additionalProperties":{{"anyOf":[{},{}]}}}})",
                       kTextsSchema, ref(provider_group));
  }
  return std::nullopt;
}

std::optional<std::string> schema_of(const KeyType& type) {
  if (auto found = led_to(type)) return found;
  if (auto found = special(type.words)) return found;
  if (auto found = word_list(type.words)) return found;
  const auto row = std::ranges::find(kTypes, type.words, &TypeSchema::type);
  if (row == kTypes.end()) return std::nullopt;
  return std::string(row->schema);
}

// `The sentence. Without it: nothing. Rule 6.`
std::string description_of(const Key& key) {
  std::string out(key.sentence);
  if (key.required()) {
    out += " Required.";
  } else if (!key.preset.empty()) {
    out += fmt::format(" Without it: {}.", key.preset);
  }
  if (key.rule > 0) out += fmt::format(" Rule {}.", key.rule);
  return out;
}

// The key's schema with its description in front.
std::string property(const Key& key) {
  const std::string schema = schema_of(key.type).value_or("{}");
  std::string out = R"({"description":)";
  json::write_string(description_of(key), out);
  return out + (schema == "{}" ? "}" : "," + schema.substr(1));
}

void put_section(const KeyTable& table, Section section, json::Writer& out) {
  std::vector<std::string_view> required;
  out.object().key("type").string("object").key("properties").object();
  for (const Key& key : table.all()) {
    if (key.section != section || key.later || key.is_pattern()) continue;
    out.key(key.name).raw(property(key));
    if (key.required()) required.push_back(key.name);
  }
  out.end();
  bool patterns = false;
  for (const Key& key : table.all()) {
    if (key.section != section || key.later || !key.is_pattern()) continue;
    if (!patterns) out.key("patternProperties").object();
    patterns = true;
    const std::string_view prefix = key.name.substr(0, key.name.size() - 1);
    out.key(fmt::format("^{}.+$", prefix)).raw(property(key));
  }
  if (patterns) out.end();
  if (!required.empty()) {
    out.key("required").array();
    for (const std::string_view name : required) out.string(name);
    out.end();
  }
  out.key("additionalProperties");
  if (section == people) {
    out.raw(ref(person));
  } else {
    out.boolean(false);
  }
  out.end();
}

}  // namespace

std::string keys_schema(const KeyTable& table, Section root) {
  json::Writer out;
  out.object().key("$schema").string("https://json-schema.org/draft/2020-12/schema");
  out.key("title").string(root == deployment ? "pawl deployment file"
                          : root == layer    ? "pawl layer file"
                                             : "pawl policy file");
  out.key("description");
  out.string(
      "Made by `pawl schema` from the program's own table of keys. `pawl check` checks more.");
  out.key("$ref").string("#/$defs/" + reference_to(root));
  out.key("$defs").object();
  for (const Section section : table.sections()) {
    out.key(reference_to(section));
    put_section(table, section, out);
  }
  out.end().end();
  return out.take();
}

std::vector<std::string> keys_without_schema(const KeyTable& table) {
  std::vector<std::string> out;
  for (const Key& key : table.all()) {
    if (key.later || schema_of(key.type)) continue;
    out.push_back(fmt::format("{} {}: {}", place(key.section), key.name, key.type.words));
  }
  return out;
}

}  // namespace pawl
