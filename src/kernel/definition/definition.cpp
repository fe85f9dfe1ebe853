#include "kernel/definition/definition.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "kernel/definition/shape_reader.h"

namespace pawl {

bool hides_characters(std::string_view prose) {
  while (!prose.empty()) {
    const std::size_t end = prose.find_first_of("\n\r\t");
    if (has_hidden_characters(prose.substr(0, end))) return true;
    if (end == std::string_view::npos) return false;
    prose.remove_prefix(end + 1);
  }
  return false;
}

namespace {

// Looks at every string below a value, names of members included.
bool any_hidden(json::View value) {
  if (!value.exists()) return false;
  const json::Document& document = *value.document();
  const std::uint32_t end = document.node(value.index()).end;
  for (std::uint32_t i = value.index(); i < end; ++i) {
    const json::Node& node = document.node(i);
    if (node.kind == json::Kind::string && hides_characters(document.bytes(node))) return true;
  }
  return false;
}

Status read_text(json::View tool, std::string_view key, std::string& into) {
  const json::View member = tool[key];
  if (!member.exists() || member.is_null()) return {};
  if (!member.is_string()) return fail(ErrorKind::invalid, fmt::format("`{}` must be a text", key));
  into = member.string();
  return {};
}

Status read_hint(json::View annotations, std::string_view key, std::optional<bool>& into) {
  const json::View member = annotations[key];
  if (!member.exists() || member.is_null()) return {};
  if (member.kind() != json::Kind::boolean) {
    return fail(ErrorKind::invalid, fmt::format("`annotations.{}` must be true or false", key));
  }
  into = member.boolean();
  return {};
}

Status read_hints(json::View annotations, ToolDefinition::Hints& into) {
  if (!annotations.exists() || annotations.is_null()) return {};
  if (!annotations.is_object()) {
    return fail(ErrorKind::invalid, "`annotations` must be an object");
  }
  const std::pair<std::string_view, std::optional<bool>*> hints[] = {
      {"readOnlyHint", &into.read_only},
      {"destructiveHint", &into.destructive},
      {"idempotentHint", &into.idempotent},
      {"openWorldHint", &into.open_world}};
  for (const auto& [key, hint] : hints) {
    if (Status read = read_hint(annotations, key, *hint); !read) return read;
  }
  return {};
}

Status read_schema(json::View schema, ToolDefinition& into) {
  into.arguments.type = ValueType::object;
  if (!schema.exists() || schema.is_null()) return {};
  Result<Shape> shape = read_arguments(schema);
  if (!shape) return std::unexpected(shape.error());
  into.arguments = std::move(*shape);
  into.has_schema = true;
  Result<json_schema::Schema> compiled = json_schema::compile(schema);
  if (compiled) {
    into.validator = std::make_shared<const json_schema::Schema>(std::move(*compiled));
  } else {
    into.validator_fault = compiled.error().message;
  }
  return {};
}

}  // namespace

std::string_view to_string(ValueType type) {
  switch (type) {
    case ValueType::any:
      return "any";
    case ValueType::null:
      return "null";
    case ValueType::boolean:
      return "boolean";
    case ValueType::integer:
      return "integer";
    case ValueType::number:
      return "number";
    case ValueType::string:
      return "string";
    case ValueType::array:
      return "array";
    case ValueType::object:
      return "object";
  }
  return "any";
}

void Shape::index_names() {
  constexpr std::size_t few = 16;
  by_name_.clear();
  if (properties.size() <= few) return;
  for (std::uint32_t i = 0; i < properties.size(); ++i) by_name_.push_back(i);
  std::ranges::sort(by_name_, [this](std::uint32_t a, std::uint32_t b) {
    const int order = properties[a].name.compare(properties[b].name);
    return order != 0 ? order < 0 : a < b;
  });
}

const Shape::Property* Shape::find(std::string_view name) const {
  if (!by_name_.empty() && by_name_.size() == properties.size()) {
    const auto found = std::ranges::lower_bound(by_name_, name, {}, [this](std::uint32_t i) {
      return std::string_view(properties[i].name);
    });
    const bool there = found != by_name_.end() && properties[*found].name == name;
    return there ? &properties[*found] : nullptr;
  }
  for (const Property& property : properties) {
    if (property.name == name) return &property;
  }
  return nullptr;
}

Result<ToolDefinition> parse_definition(json::View tool, std::string_view server) {
  if (!tool.is_object()) return fail(ErrorKind::invalid, "a tool must be an object");
  ToolDefinition out;
  out.server = server;
  for (const auto& [key, into] : {std::pair<std::string_view, std::string*>{"name", &out.name},
                                  {"title", &out.title},
                                  {"description", &out.description}}) {
    if (Status read = read_text(tool, key, *into); !read) return std::unexpected(read.error());
  }
  if (out.name.empty()) return fail(ErrorKind::invalid, "`name` of a tool is missing");
  // JSON Schema knows `true`, the protocol does not, and a client may refuse the whole list for it.
  if (tool["inputSchema"].kind() == json::Kind::boolean) {
    return fail(ErrorKind::invalid, "`inputSchema` must be an object");
  }
  if (Status read = read_schema(tool["inputSchema"], out); !read) {
    return std::unexpected(read.error());
  }
  if (Status read = read_hints(tool["annotations"], out.hints); !read) {
    return std::unexpected(read.error());
  }
  out.text = json::write(tool);
  out.digest = sha256(out.text);
  out.hidden_characters = any_hidden(tool);
  return out;
}

Result<ToolDefinition> definition_of(std::string_view server, std::string_view name,
                                     json::View schema, json::View annotations) {
  if (name.empty()) return fail(ErrorKind::invalid, "`name` of a tool is missing");
  ToolDefinition out;
  out.server = server;
  out.name = name;
  if (Status read = read_schema(schema, out); !read) return std::unexpected(read.error());
  if (Status read = read_hints(annotations, out.hints); !read) {
    return std::unexpected(read.error());
  }
  json::Writer text;
  text.object();
  if (annotations.exists()) text.key("annotations").value(annotations);
  if (schema.exists()) text.key("inputSchema").value(schema);
  text.key("name").string(name).end();
  out.text = text.take();
  out.digest = sha256(out.text);
  out.hidden_characters = hides_characters(name) || any_hidden(schema) || any_hidden(annotations);
  return out;
}

}  // namespace pawl
