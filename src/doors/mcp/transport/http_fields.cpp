#include "doors/mcp/transport/http_fields.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "doors/mcp/protocol/era.h"
#include "model/trace.h"

namespace pawl::mcp {
namespace {

constexpr std::string_view base64_begin = "=?base64?";
constexpr std::string_view base64_end = "?=";
// What nearly every client says.
constexpr std::string_view usual_accept = "application/json, text/event-stream";
constexpr std::string_view argument_fields = "mcp-param-";

// The type of one member of `Accept`, or of `Content-Type`, without its parameters.
std::string type_of(std::string_view member) {
  return lower_ascii(trim(member.substr(0, member.find(';'))));
}

// `q=0` says that it is not wanted.
bool wanted(std::string_view member) {
  std::string folded = lower_ascii(member);
  std::erase_if(folded, [](char c) { return c == ' ' || c == '\t'; });
  const std::size_t at = folded.find(";q=");
  if (at == std::string::npos) return true;
  const std::string_view weight = std::string_view(folded).substr(at + 3);
  return weight.substr(0, weight.find(';')).find_first_of("123456789") != std::string_view::npos;
}

// The member of the params that `Mcp-Name` repeats; empty: the method has none.
std::string_view named_member(std::string_view method) {
  if (method == "tools/call" || method == "prompts/get") return "name";
  return method == "resources/read" ? "uri" : "";
}

std::string differs(std::string_view field, std::string_view what) {
  return fmt::format("`{}` and the body name different {}", field, what);
}

}  // namespace

Taken taken_of(const http::Headers& headers) {
  Taken taken;
  if (headers.count("accept") == 0) return {true, true};
  for (std::size_t i = 0; i < headers.size(); ++i) {
    if (headers[i].name != "accept") continue;
    std::string_view rest = headers[i].value;
    if (rest == usual_accept) {
      taken = {true, true};
      continue;
    }
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      const std::string_view member = rest.substr(0, comma);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      if (!wanted(member)) continue;
      const std::string type = type_of(member);
      taken.json |= type == "application/json" || type == "application/*" || type == "*/*";
      taken.events |= type == "text/event-stream" || type == "text/*" || type == "*/*";
    }
  }
  return taken;
}

bool is_json(const http::Headers& headers) {
  if (headers.count("content-type") != 1) return false;
  const std::string_view value = *headers.find("content-type");
  if (value == "application/json") return true;
  if (type_of(value) != "application/json") return false;
  std::string parameters = lower_ascii(value.substr(std::min(value.find(';'), value.size())));
  std::erase_if(parameters, [](char c) { return c == ' ' || c == '\t' || c == '"'; });
  const std::size_t at = parameters.find(";charset=");
  return at == std::string::npos ||
         std::string_view(parameters).substr(at + 9).starts_with("utf-8");
}

Field field_of(const http::Headers& headers, std::string_view name) {
  Field field;
  field.twice = headers.count(name) > 1;
  if (const auto value = headers.find(name)) field.value = trim(*value);
  return field;
}

std::optional<std::string> decoded(std::string_view value) {
  const bool marked = value.size() >= base64_begin.size() + base64_end.size() &&
                      value.starts_with(base64_begin) && value.ends_with(base64_end);
  if (!marked) return std::string(value);
  value.remove_prefix(base64_begin.size());
  value.remove_suffix(base64_end.size());
  std::string text;
  if (!unbase64(value, text) || !valid_utf8(text)) return std::nullopt;
  return text;
}

Repeated repeated_arguments(const http::Headers& headers) {
  Repeated repeated;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const std::string_view name = headers[i].name;
    if (name.starts_with(argument_fields)) {
      repeated.emplace_back(std::string(name), decoded(trim(headers[i].value)));
    }
  }
  return repeated;
}

std::string disagreement(const http::Headers& headers, const Message& message) {
  const Field version = field_of(headers, version_field);
  const Field method = field_of(headers, method_field);
  const Field name = field_of(headers, name_field);
  if (version.twice || method.twice || name.twice) {
    return "a header field of the protocol stands there twice";
  }
  const Envelope envelope = read_envelope(message.params);
  if (!version.value) return "`MCP-Protocol-Version` is missing";
  if (envelope.claimed && *version.value != envelope.version) {
    return differs("MCP-Protocol-Version", "revisions");
  }
  if (!method.value) return "`Mcp-Method` is missing";
  if (*method.value != message.method) return differs("Mcp-Method", "methods");
  const std::string_view member = named_member(message.method);
  const auto in_body = member.empty() ? std::nullopt : message.params.text(member);
  if (!in_body) return {};
  if (!name.value) return "`Mcp-Name` is missing";
  const auto said = decoded(*name.value);
  if (!said) return "`Mcp-Name` is not base64 of a text";
  return *said == *in_body ? std::string() : differs("Mcp-Name", "names");
}

std::string traced_params(const http::Headers& headers, const Message& message) {
  const Field field = field_of(headers, traceparent_name);
  const json::View meta = message.params["_meta"];
  if (!field.value || field.twice || !parse_traceparent(*field.value)) return {};
  if (!message.params.is_object() || (meta.exists() && !meta.is_object())) return {};
  if (meta[traceparent_name].exists()) return {};
  json::Writer out;
  out.object();
  for (auto [key, value] : message.params.members()) {
    if (key != "_meta") out.key(key).value(value);
  }
  out.key("_meta").object();
  for (auto [key, value] : meta.members()) out.key(key).value(value);
  std::string traced = out.key(traceparent_name).string(*field.value).end().end().take();
  // A member that is called nearly the same would make the message ambiguous: it goes on untraced.
  if (!json::parse(traced)) return {};
  return traced;
}

}  // namespace pawl::mcp
