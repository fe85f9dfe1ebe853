// The place of a call among the calls of other programs: a trace as W3C Trace Context has it.
//
// A client may say in which trace it is; the server behind is told the same trace, and a span of
// ours as the one that called it. Only `traceparent` is read and written: it is 55 characters of
// fixed form. `tracestate` and `baggage` are free text and go no further.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pawl {

inline constexpr std::string_view traceparent_name = "traceparent";

using TraceId = std::array<std::uint8_t, 16>;
using SpanId = std::array<std::uint8_t, 8>;

// `00-<trace>-<span>-<flags>`. Never all zeros.
struct TraceParent {
  TraceId trace{};
  SpanId span{};
  bool sampled = false;
};
// Nothing where it is not of that form, letter for letter; a later version may be longer.
std::optional<TraceParent> parse_traceparent(std::string_view text);
std::string to_string(const TraceParent& parent);

// One call that is traced.
struct CallTrace {
  TraceParent own;               // the span of the call at our door
  std::optional<SpanId> parent;  // of the client; none: the trace begins here
  SpanId upstream{};             // the span of the request to the server
  // What the server is told.
  TraceParent for_server() const { return {own.trace, upstream, own.sampled}; }
};

}  // namespace pawl
