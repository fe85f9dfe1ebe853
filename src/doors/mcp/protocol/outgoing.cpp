#include "doors/mcp/protocol/outgoing.h"

#include <algorithm>
#include <cstdint>
#include <unordered_set>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/protocol/era.h"
#include "io/http/headers.h"
#include "model/trace.h"

namespace pawl::mcp {
namespace {

constexpr std::string_view encoded_begin = "=?base64?";
constexpr std::string_view encoded_end = "?=";
constexpr std::string_view mirror_prefix = "mcp-param-";
constexpr std::size_t mirrored_max = 64;

// Which member of the params names what a request is about.
std::string_view naming_member(std::string_view method) {
  if (method == "tools/call" || method == "prompts/get") return "name";
  if (method.starts_with("tasks/")) return "taskId";
  return method == "resources/read" ? "uri" : "";
}

enum class Reachable : std::uint8_t { no, yes };

// Looks at every schema inside of a schema. Only what a chain of `properties` leads to stands for
// one argument; a wish anywhere else is a fault of the tool. What can be reached in several ways is
// looked at once for each of the two: the ways through schemas in schemas double with each level.
struct SchemaWalk {
  Mirrored found;
  std::vector<std::string> path;
  std::unordered_set<std::uint32_t> seen_off;  // what stands for no argument

  // As deep as the reader of JSON let it be.
  void visit(json::View schema, Reachable reachable) {  // NOLINT(misc-no-recursion)
    if (!schema.is_object() || !found.fault.empty()) return;
    if (reachable == Reachable::no && !seen_off.insert(schema.index()).second) return;
    if (const json::View wish = schema["x-mcp-header"]; wish.exists()) {
      take(wish, schema.text("type").value_or(""), reachable);
    }
    for (auto [name, one] : schema["properties"].members()) {
      if (reachable == Reachable::yes) path.emplace_back(name);
      visit(one, reachable);
      if (reachable == Reachable::yes) path.pop_back();
    }
    for (auto [key, inside] : schema.members()) {
      if (key == "properties") continue;
      // Other keys hold schemas, lists of them or mappings to them; anything else has no such wish.
      visit(inside, Reachable::no);
      for (const json::View one : inside.elements()) visit(one, Reachable::no);
      if (key == "$defs" || key == "definitions" || key == "patternProperties" ||
          key == "dependentSchemas") {
        for (auto [name, one] : inside.members()) visit(one, Reachable::no);
      }
    }
  }

  void take(json::View wish, std::string_view type, Reachable reachable) {
    const std::string_view name = wish.is_string() ? wish.string() : std::string_view();
    const std::string header = std::string(mirror_prefix) + lower_ascii(name);
    const bool twice =
        std::ranges::any_of(found.arguments, [&](const auto& one) { return one.header == header; });
    if (reachable == Reachable::no || path.empty()) {
      found.fault = "asks for a header of something that is not an argument";
    } else if (!http::is_token(name)) {
      found.fault = "asks for a header with an impossible name";
    } else if (type != "string" && type != "integer" && type != "boolean") {
      found.fault = "asks for a header of a value that is neither text, integer nor boolean";
    } else if (twice || found.arguments.size() == mirrored_max) {
      found.fault = "asks for one header twice, or for too many";
    } else {
      found.arguments.push_back({path, header});
    }
  }
};

}  // namespace

Result<Outgoing> read_outgoing(std::string_view message, json::Parser& parser,
                               json::Document& document) {
  const Result<Message> read = read_message(message, Side::server, parser, document);
  PAWL_TRY(read);
  Outgoing out;
  out.kind = read->kind;
  out.id = read->id;
  out.method = read->method;
  const json::View params = read->params;
  const std::string_view trace = params["_meta"].text(traceparent_name).value_or("");
  if (parse_traceparent(trace)) out.traceparent = trace;
  out.stateless = params["_meta"].text(meta_version) == stateless_revision;
  if (const std::string_view member = naming_member(out.method); !member.empty()) {
    out.name = params.text(member).value_or("");
  }
  const json::View cancelled = params["requestId"];
  if (out.method == "notifications/cancelled" && cancelled.exists()) {
    out.cancels = json::write(cancelled);
  }
  return out;
}

std::string header_text(std::string_view text) {
  const bool plain = !text.starts_with(' ') && !text.ends_with(' ') &&
                     std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; }) &&
                     !(text.starts_with(encoded_begin) && text.ends_with(encoded_end));
  if (plain) return std::string(text);
  return std::string(encoded_begin) + base64(text) + std::string(encoded_end);
}

Mirrored mirrored_by(json::View input_schema) {
  SchemaWalk walk;
  walk.visit(input_schema, Reachable::yes);
  return std::move(walk.found);
}

namespace {

json::View argument_at(json::View arguments, const std::vector<std::string>& path) {
  for (const std::string& step : path) arguments = arguments[step];
  return arguments;
}

// As a field says it; nothing for what is absent, null or no plain value.
std::optional<std::string> plain_text(json::View value) {
  if (value.is_string()) return std::string(value.string());
  if (value.kind() == json::Kind::boolean) return value.boolean() ? "true" : "false";
  if (value.is_number()) return json::write(value);
  return std::nullopt;
}

bool same(json::View value, const std::string& plain, const std::string& said) {
  if (said == plain) return true;
  if (!value.is_number()) return false;
  // One number may be spelled in several ways.
  const auto number = json::parse(said);
  return number && number->root().is_number() && json::write(number->root()) == plain;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> mirror(const Mirrored& wanted,
                                                        json::View arguments) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const Mirrored::Argument& one : wanted.arguments) {
    const json::View value = argument_at(arguments, one.path);
    const auto plain = plain_text(value);
    if (plain) fields.emplace_back(one.header, value.is_string() ? header_text(*plain) : *plain);
  }
  return fields;
}

std::string disagreement(const Repeated& said, const Mirrored& wanted, json::View arguments) {
  for (const Mirrored::Argument& one : wanted.arguments) {
    const json::View value = argument_at(arguments, one.path);
    const auto plain = plain_text(value);
    const auto named = [&one](const auto& field) { return field.first == one.header; };
    const auto field = std::ranges::find_if(said, named);
    if (field == said.end()) {
      if (!plain) continue;
      return fmt::format("`{}` is missing, which repeats an argument", one.header);
    }
    if (std::ranges::count_if(said, named) > 1) {
      return fmt::format("`{}` stands there twice", one.header);
    }
    if (!field->second) return fmt::format("`{}` is not base64 of a text", one.header);
    if (!plain || !same(value, *plain, *field->second)) {
      return fmt::format("`{}` and the body say different things", one.header);
    }
  }
  return {};
}

}  // namespace pawl::mcp
