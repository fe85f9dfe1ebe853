#include "gate/call/circles.h"

#include <utility>

#include "base/json.h"
#include "gate/approval/change.h"
#include "kernel/admit/repeats.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

// A JSON-RPC error object, with the warning behind its words.
std::string with_warning(std::string error, const std::string& warning) {
  const auto document = json::parse(error);
  if (!document || !document->root().is_object()) return error;
  json::Writer out;
  out.object();
  for (const auto& [name, value] : document->root().members()) {
    const auto words = document->root().text("message");
    out.key(name);
    if (name == "message" && words) {
      out.string(std::string(*words) + "\n" + warning);
    } else {
      out.value(value);
    }
  }
  out.end();
  return out.take();
}

}  // namespace

void mark_call(CallContext& context) {
  if (!context.policy().ceilings.repeats || context.asked.model) return;
  const Call& call = context.asked.call;
  const std::string arguments = call.arguments.exists() ? json::write(call.arguments) : "{}";
  context.mark =
      mark_of(context.gate_state, context.asked.run, {"call", call.server, call.tool, arguments});
}

std::string mark_of_result(CallContext& context, std::string_view kind, std::string_view text) {
  if (context.mark.empty()) return {};
  return mark_of(context.gate_state, context.asked.run, {kind, text});
}

void warn_in_reply(CallContext& context, std::string_view result_mark) {
  if (context.mark.empty() || result_mark.empty()) return;
  const std::uint64_t repeats = context.state().repeats.after(context.mark, result_mark);
  std::string warning = repeats_warning(context.policy().ceilings, repeats);
  if (warning.empty()) return;
  Settled& reply = context.reply();
  reply.text = reply.kind == Settled::Kind::error
                   ? with_warning(std::move(reply.text), warning)
                   : with_told(std::move(reply.text), warning, Told::last);
  reply.warning = std::move(warning);
}

void warn_of_denial(CallContext& context) {
  if (context.mark.empty()) return;
  const Repeats& repeats = context.state().repeats;
  // A flood of denials is only counted, and leaves the steps of the run as they were.
  if (repeats.empty() || repeats.last().back().call != context.mark) return;
  std::string warning = repeats_warning(context.policy().ceilings, repeats.now());
  if (warning.empty()) return;
  context.reply().text += "\n" + warning;
  context.reply().warning = std::move(warning);
}

}  // namespace pawl
