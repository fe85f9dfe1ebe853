// What a traced call was, as spans of OpenTelemetry.
//
// One span for the call at our door, and inside of it one for deciding, one for each wait for
// people, and one for the request to the server, whose id the server was told. Names and attributes
// are those of the conventions for MCP and for generative AI, and what they have no name for begins
// with `pawl.`. Arguments and results are in none of them. The name of a tool is only there where
// the policy names it too: otherwise it is nothing but what an agent wrote.
// Pure.
#pragma once

#include <functional>
#include <vector>

#include "gate/gate.h"
#include "io/otlp/span.h"

namespace pawl::watch {

// When a moment of CLOCK_BOOTTIME was; and ids for spans that no caller was told.
struct SpanSources {
  Instant now{};
  Duration boot{};
  std::function<std::string(std::size_t)> random;
};

// Of a call that is not traced: none.
std::vector<otlp::Span> spans_of(const CallOver& call, const SpanSources& sources);

}  // namespace pawl::watch
