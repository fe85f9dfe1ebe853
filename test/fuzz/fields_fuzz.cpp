// Header fields of MCP requests and ids of events: any bytes, and what is read back is what was
// written. The input is fields as lines, a blank line, and a body.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/text.h"
#include "doors/mcp/transport/http_answers.h"
#include "doors/mcp/transport/http_events.h"
#include "doors/mcp/transport/http_fields.h"
#include "fuzz/must.h"
#include "model/trace.h"

namespace {

using namespace pawl;  // NOLINT: a program of one page
using namespace pawl::mcp;
using fuzz::must;

constexpr std::size_t bytes_max = 4096;

http::Headers fields_of(std::string_view& bytes) {
  http::Headers headers;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (line.empty()) break;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    headers.add(lower_ascii(line.substr(0, colon)), trim(line.substr(colon + 1)));
  }
  return headers;
}

void try_values(const http::Headers& headers) {
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const std::string_view value = headers[i].value;
    if (const auto text = decoded(value)) {
      must(*text == value || valid_utf8(*text), "a decoded value is not text");
      const auto again = decoded("=?base64?" + base64(*text) + "?=");
      must(!valid_utf8(*text) || again == text, "a text is not what it was in base64");
    }
    if (const auto parent = parse_traceparent(value)) {
      const auto again = parse_traceparent(to_string(*parent));
      must(again && again->trace == parent->trace && again->sampled == parent->sampled,
           "a traceparent is not what it was");
    }
    if (const auto id = parse_event_id(value)) {
      const auto again = parse_event_id(to_string(*id));
      must(again && again->stream == id->stream && again->event == id->event,
           "an id of an event is not what it was");
    }
  }
}

// The params of a traced message are what they were, with one more member of `_meta`.
void try_trace(const http::Headers& headers, const Message& message) {
  const std::string traced = traced_params(headers, message);
  if (traced.empty()) return;
  const auto document = json::parse(traced);
  must(document.has_value(), "traced params are no JSON");
  const json::View params = document->root();
  const auto said = params["_meta"].text(traceparent_name);
  must(said && parse_traceparent(*said), "traced params have no traceparent");
  for (auto [key, value] : message.params.members()) {
    if (key == "_meta") continue;
    must(json::write(params[key]) == json::write(value), "traced params say something else");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(bytes), size < bytes_max ? size : bytes_max);
  const http::Headers headers = fields_of(rest);
  try_values(headers);
  (void)taken_of(headers);
  (void)is_json(headers);
  json::Parser parser;
  json::Document document;
  const auto message = read_message(rest, Side::client, parser, document);
  if (!message || message->kind != MessageKind::request) return 0;
  try_trace(headers, *message);
  if (disagreement(headers, *message).empty()) {
    const auto method = field_of(headers, method_field);
    must(method.value == message->method && !method.twice, "the methods differ");
    const auto name = message->params.text("name");
    if (message->method == "tools/call" && name) {
      must(decoded(*field_of(headers, name_field).value) == *name, "the names differ");
    }
  }
  // An answer with our id gets the client's, and stays an answer.
  const std::string ours = result_line("7", "{}");
  const std::string theirs = with_id_of_client(ours, "7", message->id);
  must(is_answer(theirs) && json::parse(theirs).has_value(), "an answer is not an answer any more");
  must(with_id_of_client(ours, "70", message->id) == ours, "an id that is another was replaced");
  return 0;
}
