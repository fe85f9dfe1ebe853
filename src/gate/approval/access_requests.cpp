#include "gate/approval/access_requests.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "kernel/admit/access.h"
#include "kernel/policy/policy.h"
#include "kernel/state/live.h"
#include "model/access.h"

namespace pawl {

namespace {

Outcome not_made(const std::string& why) {
  json::Writer out;
  out.object().key("code").integer(-32603).key("message").string("nothing was granted: " + why);
  out.end();
  return {.kind = Outcome::Kind::error, .result = out.take(), .why = {}};
}

std::string told(const GrantMade& made, const std::string& sentence) {
  std::string text = "a person granted " + sentence + ": until " + to_string(made.until) +
                     ", for this run only (" + made.grant + ").";
  text += " every call is still judged by itself; the list of tools has it now.";
  json::Writer out;
  out.object().key("content").array().object();
  out.key("text").string(text).key("type").string("text").end().end();
  out.key("isError").boolean(false).end();
  return out.take();
}

}  // namespace

bool asks_people_for_access(const CallContext& context) {
  return context.tool != nullptr && context.tool->wanted_entry != nullptr;
}

Outcome make_grant(CallContext& context) {
  GateState& gate_state = context.gate_state;
  const Facts facts;
  const Situation situation{.policy = context.policy(),
                            .state = gate_state.state,
                            .run = context.state(),
                            .call = context.asked.call,
                            .tool = context.tool.get(),
                            .facts = facts,
                            .now = gate_state.log.now(),
                            .look = Look::after_hold};
  const AccessGiven given = access_given(situation);
  GrantMade made;
  made.grant = new_id(gate_state, "g");
  made.run = context.asked.run;
  made.call = context.call;
  made.approval = context.approval;
  made.tool = given.tool;
  made.line = given.line;
  made.until = gate_state.log.now() + given.lasts;
  made.calls = given.calls;
  made.before = given.before;
  for (auto [name, value] : given.arguments.members()) {
    made.arguments.push_back({std::string(name), granted_digest(made.grant, name, value)});
  }
  const std::string sentence = access_sentence(situation);
  const auto seq = gate_state.log.append(made);
  if (!seq) return not_made(seq.error().message);
  gate_state.journal.request_sync(*seq);
  return {.kind = Outcome::Kind::result, .result = told(made, sentence), .why = {}};
}

std::string asks_already(const CallContext& context) {
  const auto known = context.run->asking.find(context.asked.call.name());
  if (known == context.run->asking.end()) return {};
  const Approval* asked = context.gate_state.state.approval(known->second);
  const bool open = asked != nullptr && is_live(*asked);
  return open ? known->second : std::string();
}

void remember_asking(CallContext& context) {
  if (asks_people_for_access(context)) {
    context.run->asking[context.asked.call.name()] = context.approval;
  }
}

}  // namespace pawl
