// Spans as OpenTelemetry has them, and their text: one request of OTLP/HTTP in its JSON encoding.
//
// What a span says is chosen by its maker, and it leaves the machine: no arguments, no
// results, no secrets.
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/time.h"
#include "model/trace.h"

namespace pawl::otlp {

inline constexpr std::size_t attribute_bytes_max = 256;

// As the protocol numbers them.
enum class SpanKind : std::uint8_t { internal = 1, server = 2, client = 3 };

using Value = std::variant<std::string, std::int64_t, bool>;

struct Span {
  TraceId trace{};
  SpanId id{};
  SpanId parent{};  // all zeros: it has none
  std::string name;
  SpanKind kind = SpanKind::internal;
  Instant start{}, end{};
  // The names are literals. A text is cut after `attribute_bytes_max`.
  std::vector<std::pair<std::string_view, Value>> attributes;
  std::string error;  // not empty: the span failed, and this says how
};

// Whose spans these are.
struct Resource {
  std::string service, version, instance;
};

// `{"resourceSpans":[…]}`.
std::string to_json(const Resource& resource, std::span<const Span> spans);

// How many spans a collector did not take although it accepted the request: what its answer says
// about that. An answer that cannot be read says nothing.
std::uint64_t rejected_spans(std::string_view answer);

}  // namespace pawl::otlp
