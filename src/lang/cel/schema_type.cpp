#include "lang/cel/schema_type.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"

namespace pawl::cel {
namespace {

constexpr int kSchemaDepthMax = 24;
constexpr std::size_t kNodesMax = 20'000;  // a schema that doubles with each reference ends here

class SchemaReader {
 public:
  explicit SchemaReader(json::View root) : root_(root) {}

  TypeRef type_of(json::View schema, int depth) {
    if (!schema.is_object() || depth > kSchemaDepthMax || ++nodes_ > kNodesMax) return dyn();
    if (schema["$ref"].exists()) return type_of(target(schema["$ref"]), depth + 1);
    for (const std::string_view words : {"anyOf", "oneOf"}) {
      if (schema[words].is_array()) return alternatives(schema[words], depth);
    }
    // Conditions that add to what stands beside them: the type is only what is said plainly.
    if (schema["allOf"].is_array()) {
      const bool alone = schema["allOf"].size() == 1 && !schema["type"].exists();
      return alone ? type_of(*schema["allOf"].elements().begin(), depth + 1) : named(schema, depth);
    }
    return named(schema, depth);
  }

 private:
  static TypeRef dyn() { return simple(TypeKind::dyn); }

  json::View target(json::View reference) const {
    if (!reference.is_string() || !reference.string().starts_with('#')) return {};
    json::View at = root_;
    std::string_view path = reference.string().substr(1);
    while (!path.empty() && at.exists()) {
      if (!path.starts_with('/')) return {};
      path.remove_prefix(1);
      std::string_view name = path.substr(0, path.find('/'));
      path.remove_prefix(name.size());
      if (name.find('~') != name.npos || name.find('%') != name.npos) return {};
      at = at[name];
    }
    return at;
  }

  // All but null have to be one type.
  TypeRef alternatives(json::View schemas, int depth) {
    TypeRef found;
    bool nullable = false;
    for (const json::View each : schemas.elements()) {
      const TypeRef type = type_of(each, depth + 1);
      if (type->kind == TypeKind::null) {
        nullable = true;
      } else if (found != nullptr) {
        return dyn();
      } else {
        found = type;
      }
    }
    if (found == nullptr) return nullable ? simple(TypeKind::null) : dyn();
    return nullable ? with_null(found) : found;
  }

  TypeRef named(json::View schema, int depth) {
    const json::View type = schema["type"];
    if (type.is_array()) {
      std::vector<std::string_view> names;
      bool nullable = false;
      for (const json::View each : type.elements()) {
        if (!each.is_string()) return dyn();
        if (each.string() == "null") {
          nullable = true;
        } else {
          names.push_back(each.string());
        }
      }
      if (names.size() != 1) return dyn();
      const TypeRef found = of_name(names[0], schema, depth);
      return nullable ? with_null(found) : found;
    }
    if (type.is_string()) return of_name(type.string(), schema, depth);
    if (schema["enum"].is_array() || schema["const"].is_string()) return text(schema, true);
    return schema["properties"].is_object() ? object(schema, depth) : dyn();
  }

  TypeRef of_name(std::string_view name, json::View schema, int depth) {
    if (name == "integer") return simple(TypeKind::integer);
    if (name == "number") return simple(TypeKind::number);
    if (name == "boolean") return simple(TypeKind::boolean);
    if (name == "null") return simple(TypeKind::null);
    if (name == "string") return text(schema, false);
    if (name == "array") return list_of(type_of(schema["items"], depth + 1));
    return name == "object" ? object(schema, depth) : dyn();
  }

  // `alone`: nothing but the enum says that it is a string.
  static TypeRef text(json::View schema, bool alone) {
    Type type{.kind = TypeKind::string};
    if (schema["const"].is_string()) type.choices.emplace_back(schema["const"].string());
    for (const json::View each : schema["enum"].elements()) {
      if (!each.is_string()) return alone ? dyn() : simple(TypeKind::string);
      type.choices.emplace_back(each.string());
    }
    if (type.choices.empty()) return alone ? dyn() : simple(TypeKind::string);
    return std::make_shared<const Type>(std::move(type));
  }

  static bool says(json::View schema, bool what) {
    return schema.kind() == json::Kind::boolean && schema.boolean() == what;
  }

  // Of members that the schema does not list and says something about; null: it does not.
  TypeRef of_others(json::View schema, int depth) {
    const json::View more = schema["additionalProperties"];
    const json::View left = schema["unevaluatedProperties"];
    if (schema["patternProperties"].size() > 0 || says(more, true)) return dyn();
    if (more.is_object()) return type_of(more, depth + 1);
    return left.exists() && !more.exists() && !says(left, false) ? dyn() : nullptr;
  }

  TypeRef object(json::View schema, int depth) {
    const json::View properties = schema["properties"];
    const json::View more = schema["additionalProperties"];
    const bool closed = says(more, false);
    const TypeRef rest = of_others(schema, depth);
    if (properties.size() == 0) {
      if (closed && rest == nullptr) return record_of({});
      return map_of(simple(TypeKind::string), rest == nullptr ? dyn() : rest);
    }
    std::vector<std::string_view> required;
    for (const json::View each : schema["required"].elements()) {
      if (each.is_string()) required.push_back(each.string());
    }
    std::vector<Field> fields;
    for (const auto& [name, value] : properties.members()) {
      const bool needed = std::ranges::find(required, name) != required.end();
      fields.push_back({std::string(name), type_of(value, depth + 1), needed});
    }
    return record_of(std::move(fields), rest);
  }

  json::View root_;
  std::size_t nodes_ = 0;
};

}  // namespace

TypeRef type_of_schema(json::View schema) {
  return SchemaReader(schema).type_of(schema, 0);
}

}  // namespace pawl::cel
