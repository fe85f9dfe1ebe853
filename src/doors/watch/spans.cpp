#include "doors/watch/spans.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace pawl::watch {
namespace {

constexpr std::string_view kActionPrefix = "mcp:";
constexpr std::string_view kToolsCall = "tools/call";

// What was asked of the server: the method, and the tool that it names.
struct Asked {
  std::string method;
  std::string tool;  // empty: none, or not for here

  std::string name() const { return tool.empty() ? method : method + ' ' + tool; }
};

Asked asked_of(const CallOver& call) {
  const std::string_view tool = call.asked.call.tool;
  // The methods of the protocol are few, and those that are not known never become calls.
  if (tool.starts_with(kActionPrefix)) {
    return {std::string(tool.substr(kActionPrefix.size())), {}};
  }
  return {std::string(kToolsCall), call.has_entry ? std::string(tool) : std::string()};
}

class Drawing {
 public:
  Drawing(const CallOver& call, const SpanSources& sources) : call_(call), sources_(sources) {}

  otlp::Span span(Duration from, Duration to) const {
    otlp::Span made;
    made.trace = call_.asked.trace->own.trace;
    made.parent = call_.asked.trace->own.span;
    made.start = at(from);
    made.end = at(to);
    return made;
  }
  otlp::Span part(std::string name, Duration from, Duration to) const {
    otlp::Span made = span(from, to);
    made.name = std::move(name);
    const std::string bytes = sources_.random(made.id.size());
    std::ranges::copy(bytes, made.id.begin());
    return made;
  }

 private:
  Instant at(Duration moment) const {
    return sources_.now + Duration{moment.ns - sources_.boot.ns};
  }

  const CallOver& call_;
  const SpanSources& sources_;
};

void describe(const CallOver& call, const Asked& asked, otlp::Span& span) {
  auto& to = span.attributes;
  to.emplace_back("mcp.method.name", asked.method);
  if (asked.method == kToolsCall) to.emplace_back("gen_ai.operation.name", "execute_tool");
  if (!asked.tool.empty()) to.emplace_back("gen_ai.tool.name", asked.tool);
  if (!call.call.empty()) to.emplace_back("gen_ai.tool.call.id", std::string(call.call));
  if (!call.asked.call.server.empty() && call.has_entry) {
    to.emplace_back("pawl.server", std::string(call.asked.call.server));
  }
}

// How it ended, in the words of the table of codes; nothing where it went well.
std::string error_of(const CallOver& call) {
  switch (call.kind) {
    case Settled::Kind::result:
      return call.times.is_error ? "tool_error" : "";
    case Settled::Kind::error:
      return "jsonrpc_error";
    case Settled::Kind::refused:
      return std::string(to_string(call.code));
    case Settled::Kind::pending:
      return "";
    case Settled::Kind::gone:
      return std::string(to_string(Code::cancelled));
  }
  return "";
}

void fail_with(const std::string& error, otlp::Span& span) {
  if (error.empty()) return;
  span.error = error;
  span.attributes.emplace_back("error.type", error);
}

otlp::Span whole(const CallOver& call, const Asked& asked, const Drawing& drawing) {
  otlp::Span span = drawing.span(call.times.asked, call.times.over);
  span.id = call.asked.trace->own.span;
  span.parent = call.asked.trace->parent.value_or(SpanId{});
  span.name = asked.name();
  span.kind = otlp::SpanKind::server;
  describe(call, asked, span);
  span.attributes.emplace_back("gen_ai.agent.name", std::string(call.role));
  span.attributes.emplace_back("pawl.run", call.asked.run);
  const bool ran = call.times.sent.ns != 0;
  const bool held = call.kind == Settled::Kind::pending;
  const std::optional<Effect>& stands = call.times.not_enforced;
  const std::string_view verdict = stands ? to_string(*stands)
                                   : ran  ? "allow"
                                   : held ? "hold"
                                          : "deny";
  span.attributes.emplace_back("pawl.verdict", std::string(verdict));
  if (stands) span.attributes.emplace_back("pawl.enforced", std::string("false"));
  if (!ran) span.attributes.emplace_back("pawl.code", std::string(to_string(call.code)));
  span.attributes.emplace_back("pawl.class", to_string(call.times.action_class));
  if (!call.approval.empty()) {
    span.attributes.emplace_back("pawl.approval", std::string(call.approval));
  }
  fail_with(error_of(call), span);
  return span;
}

otlp::Span request(const CallOver& call, const Asked& asked, const Drawing& drawing) {
  const Duration end = call.times.answered.ns == 0 ? call.times.over : call.times.answered;
  otlp::Span span = drawing.span(call.times.sent, end);
  span.id = call.asked.trace->upstream;
  span.name = asked.name();
  span.kind = otlp::SpanKind::client;
  describe(call, asked, span);
  fail_with(error_of(call), span);
  return span;
}

}  // namespace

std::vector<otlp::Span> spans_of(const CallOver& call, const SpanSources& sources) {
  std::vector<otlp::Span> spans;
  if (!call.asked.trace || !call.asked.trace->own.sampled) return spans;
  const Asked asked = asked_of(call);
  const Drawing drawing(call, sources);
  const CallTimes& times = call.times;
  spans.push_back(whole(call, asked, drawing));
  if (times.decided.ns != 0) {
    spans.push_back(drawing.part("pawl decide", times.asked, times.decided));
  }
  if (!call.approval.empty() && times.released.ns != 0) {
    spans.push_back(drawing.part("pawl wait for people", times.decided, times.released));
  }
  if (times.sent.ns != 0) spans.push_back(request(call, asked, drawing));
  return spans;
}

}  // namespace pawl::watch
