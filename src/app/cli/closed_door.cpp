#include "app/cli/closed_door.h"

#include <iostream>
#include <string>

#include <fmt/format.h>

#include "app/terminal/terminal.h"
#include "base/json.h"
#include "base/text.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/methods.h"
#include "model/verdict.h"

namespace pawl::app {
namespace {

// A policy that is missing grants nothing; where the machine is at fault, nothing is granted now.
Code code_of(const Error& why) {
  const bool machine = why.fault == ErrorKind::environment || why.fault == ErrorKind::io ||
                       why.fault == ErrorKind::corrupt;
  return machine ? Code::audit_unavailable : Code::not_granted;
}

std::string opened(json::View params, const std::string& why) {
  json::Writer out;
  out.object().key("capabilities").object().key("tools").object().end().end();
  out.key("instructions").string("Every call is denied: " + why);
  out.key("protocolVersion").string(params.text("protocolVersion").value_or(mcp::newest_revision));
  out.key("serverInfo").object().key("name").string("pawl").key("version").string(PAWL_VERSION);
  return out.end().end().take();
}

std::string decision_of(const Error& error) {
  json::Writer out;
  return out.object().key("code").string(to_string(code_of(error))).end().take();
}

std::string denied(json::View params, const Error& error, const std::string& why) {
  constexpr std::size_t name_bytes_max = 128;
  const std::string name =
      escape_untrusted(params.text("name").value_or("it").substr(0, name_bytes_max));
  json::Writer out;
  out.object().key("content").array().object().key("type").string("text").key("text");
  out.string(
      fmt::format("`{}` was not done [{}]: {}\ninstead: say so to the person you work for\n"
                  "retry: every call will be denied until this is mended",
                  name, to_string(code_of(error)), why));
  out.end().end().key("isError").boolean(true);
  return out.key("_meta").object().key("pawl/decision").raw(decision_of(error)).end().end().take();
}

}  // namespace

void serve_closed_door(const Error& error) {
  const std::string why = escape_untrusted(to_string(error));
  std::string line;
  while (std::getline(std::cin, line)) {
    const auto document = json::parse(line);
    if (!document || !document->root().is_object()) continue;
    const json::View root = document->root();
    const std::string method(root.text("method").value_or(""));
    if (method.empty() || !root["id"].exists()) continue;
    const std::string id = json::write(root["id"]);
    const json::View params = root["params"];
    if (method == "initialize") {
      out(mcp::result_line(id, opened(params, why)));
    } else if (method == "ping") {
      out(mcp::result_line(id, "{}"));
    } else if (method == "tools/list") {
      out(mcp::result_line(id, R"({"tools":[]})"));
    } else if (method == "tools/call") {
      out(mcp::result_line(id, denied(params, error, why)));
    } else {
      out(mcp::error_line(id, mcp::refused_by_policy, why, decision_of(error)));
    }
  }
}

}  // namespace pawl::app
