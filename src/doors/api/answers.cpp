// What is written back about a call.
#include "base/json.h"
#include "base/text.h"
#include "doors/api/api_impl.h"
#include "gate/state/proposal.h"
#include "kernel/redact/scope.h"

namespace pawl::api {
namespace {

void put_tool(json::Writer& out, const OpenCall& call) {
  if (!call.server.empty()) out.key("server").string(escape_untrusted(call.server));
  out.key("tool").string(escape_untrusted(call.tool));
}

}  // namespace

std::string allowed_json(const OpenCall& call, std::string_view arguments) {
  json::Writer out;
  out.object().key("effect").string("allow").key("code").string(to_string(Code::none));
  out.key("call").string(call.id).key("arguments").raw(arguments);
  out.key("class").string(call.class_text);
  put_tool(out, call);
  if (!call.approval.empty()) out.key("approval").string(call.approval);
  if (!call.credential.empty()) out.key("credential").string(call.credential);
  if (!call.decided.empty()) out.key("decided").string(call.decided).key("enforced").boolean(false);
  if (call.notify) out.key("notify").boolean(true);
  if (call.scope) {
    out.key("scope").array();
    for (const std::string& field : call.scope->fields()) out.string(field);
    out.end();
  }
  return out.key("settle_by").string(to_string(call.settle_by)).end().take();
}

std::string decided_json(const OpenCall& call, const Settled& settled) {
  json::Writer out;
  const bool held = settled.kind == Settled::Kind::pending;
  out.object().key("effect").string(held ? "hold" : "deny");
  out.key("code").string(to_string(settled.code));
  if (!settled.call.empty()) out.key("call").string(settled.call);
  if (!settled.approval.empty()) out.key("approval").string(settled.approval);
  out.key("reason").string(settled.text);
  put_tool(out, call);
  if (const auto decision = json::parse(settled.decision)) {
    const json::View root = decision->root();
    for (const char* name : {"rule", "rule_at", "policy", "retryable", "asks"}) {
      if (root[name].exists()) out.key(name).value(root[name]);
    }
  }
  if (!settled.warning.empty()) out.key("warning").string(settled.warning);
  return out.end().take();
}

std::string settlement_json(const std::string& id, const Settled& settled) {
  json::Writer out;
  out.object().key("call").string(id).key("outcome");
  switch (settled.kind) {
    case Settled::Kind::result: {
      out.string("completed");
      const auto document = json::parse(settled.text);
      const json::View result = document ? document->root()["structuredContent"] : json::View();
      if (result.is_object()) out.key("result").value(result);
      break;
    }
    case Settled::Kind::error: {
      out.string("failed");
      const auto document = json::parse(settled.text);
      if (document) out.key("error").string(document->root().text("message").value_or(""));
      break;
    }
    case Settled::Kind::refused:
    case Settled::Kind::pending:
    case Settled::Kind::gone:
      out.string(settled.code == Code::cancelled ? "cancelled" : "indeterminate");
      out.key("code").string(to_string(settled.code)).key("reason").string(settled.text);
      break;
  }
  if (!settled.warning.empty()) out.key("warning").string(settled.warning);
  if (!settled.withheld.empty()) out.key("withheld").natural(settled.withheld.size());
  return out.end().take();
}

}  // namespace pawl::api
