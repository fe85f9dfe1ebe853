#include "io/otlp/span.h"

#include <algorithm>
#include <charconv>

#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"

namespace pawl::otlp {
namespace {

constexpr int kStatusError = 2;

template <std::size_t N>
std::string digits_of(const std::array<std::uint8_t, N>& id) {
  return hex(std::string_view(reinterpret_cast<const char*>(id.data()), id.size()));
}

// The protocol writes 64-bit numbers as texts.
std::string nanoseconds(Instant at) {
  return std::to_string(at.ns);
}

std::string_view cut(std::string_view text) {
  return utf8::beginning(text, attribute_bytes_max);
}

void write_attribute(std::string_view name, const Value& value, json::Writer& out) {
  out.object().key("key").string(name).key("value").object();
  if (const auto* text = std::get_if<std::string>(&value)) {
    out.key("stringValue").string(cut(*text));
  } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
    out.key("intValue").string(std::to_string(*number));
  } else {
    out.key("boolValue").boolean(std::get<bool>(value));
  }
  out.end().end();
}

void write_span(const Span& span, json::Writer& out) {
  out.object().key("traceId").string(digits_of(span.trace));
  out.key("spanId").string(digits_of(span.id));
  if (std::ranges::any_of(span.parent, [](std::uint8_t byte) { return byte != 0; })) {
    out.key("parentSpanId").string(digits_of(span.parent));
  }
  out.key("name").string(cut(span.name)).key("kind").integer(static_cast<int>(span.kind));
  out.key("startTimeUnixNano").string(nanoseconds(span.start));
  out.key("endTimeUnixNano").string(nanoseconds(std::max(span.start, span.end)));
  if (!span.attributes.empty()) {
    out.key("attributes").array();
    for (const auto& [name, value] : span.attributes) write_attribute(name, value, out);
    out.end();
  }
  out.key("status").object();
  if (!span.error.empty()) {
    out.key("code").integer(kStatusError).key("message").string(cut(span.error));
  }
  out.end().end();
}

}  // namespace

std::string to_json(const Resource& resource, std::span<const Span> spans) {
  json::Writer out;
  out.object().key("resourceSpans").array().object();
  out.key("resource").object().key("attributes").array();
  write_attribute("service.name", resource.service, out);
  write_attribute("service.version", resource.version, out);
  write_attribute("service.instance.id", resource.instance, out);
  out.end().end();
  out.key("scopeSpans").array().object();
  out.key("scope").object().key("name").string("pawl");
  out.key("version").string(resource.version).end();
  out.key("spans").array();
  for (const Span& span : spans) write_span(span, out);
  return out.end().end().end().end().end().end().take();
}

std::uint64_t rejected_spans(std::string_view answer) {
  const auto document = json::parse(answer);
  if (!document) return 0;
  // A number, or a text of digits: both encodings of the protocol's 64 bits are about.
  const json::View said = document->root()["partialSuccess"]["rejectedSpans"];
  if (said.is_integer()) return said.integer() > 0 ? said.natural() : 0;
  if (!said.is_string()) return 0;
  const std::string_view text = said.string();
  std::uint64_t count = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), count);
  return wrong == std::errc() && end == text.data() + text.size() ? count : 0;
}

}  // namespace pawl::otlp
