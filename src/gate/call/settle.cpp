#include "gate/call/settle.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "gate/approval/change.h"
#include "gate/approval/lifecycle.h"
#include "gate/call/circles.h"
#include "gate/call/decide.h"
#include "kernel/admit/admit.h"
#include "kernel/admit/explain.h"
#include "kernel/policy/policy.h"
#include "kernel/redact/scope.h"

namespace pawl {

namespace {

bool flags_error(json::View result) {
  const json::View flag = result["isError"];
  return flag.kind() == json::Kind::boolean && flag.exists() && flag.boolean();
}

// Reading a large result only for its flag costs more than the call; without the word there is no
// flag, however the rest reads.
bool may_say_error(std::string_view result) {
  return result.find("isError") != std::string_view::npos;
}

bool says_error(GateState& gate_state, std::string_view result) {
  if (!may_say_error(result)) return false;
  if (!gate_state.parser.parse(result, gate_state.parsed,
                               {.duplicate_keys = json::DuplicateKeys::permit}))
    return false;
  return flags_error(gate_state.parsed.root());
}

}  // namespace

bool says_error(std::string_view result) {
  if (!may_say_error(result)) return false;
  const auto document = json::parse(result, {.duplicate_keys = json::DuplicateKeys::permit});
  return document && flags_error(document->root());
}

// The result of a scoped tool: only what the scope lists; nothing where it cannot be read.
std::string projected(const Scope& scope, const std::string& result,
                      std::vector<std::string>& withheld) {
  const auto document = json::parse(result);
  if (!document) {
    withheld.emplace_back("the whole result, which cannot be read in one way only");
    return R"({"content":[{"text":"withheld: the result cannot be read","type":"text"}],)"
           R"("isError":true})";
  }
  Projected kept = project_result(scope, document->root());
  withheld = std::move(kept.withheld);
  return std::move(kept.result);
}

namespace {

// An error of a scoped tool: its number passes, its words do not.
std::string projected_error(const std::string& error, std::vector<std::string>& withheld) {
  withheld.emplace_back("error.message");
  std::int64_t number = -32603;
  if (const auto document = json::parse(error)) {
    const json::View code = document->root()["code"];
    if (code.is_integer()) number = code.integer();
  }
  json::Writer out;
  out.object().key("code").integer(number).key("message").string(withheld_notice()).end();
  return out.take();
}

void reply_with(CallContext& context, Settled::Kind kind, std::string text,
                std::vector<std::string> withheld) {
  context.reply().kind = kind;
  context.reply().code = Code::none;
  context.reply().text = std::move(text);
  context.reply().withheld = std::move(withheld);
  context.reply().call = context.call;
  context.reply().approval = context.approval;
}

// Three lines for a call that was sent and did not end well. `unknown`: whether it happened.
void reply_lost(CallContext& context, Code code, const std::string& what, bool unknown) {
  Verdict verdict = denial(context, code, what);
  verdict.halt = unknown || context.out_of_time;
  verdict.retry = !verdict.halt;
  (void)refuse(context, verdict);
  std::string& text = context.reply().text;
  text = "`" + escape_untrusted(context.asked.call.name().substr(0, shown_name_bytes_max)) +
         "` was sent to the server [" + std::string(to_string(code)) +
         "]: " + escape_untrusted(what);
  text += unknown ? "\ninstead: do not repeat it; a person has to find out whether it happened"
          : verdict.halt ? "\ninstead: stop here; a person has to let the run go on"
                         : "\ninstead: call again later";
  text += verdict.halt ? "\nretry: no, the run is halted until then"
                       : "\nretry: the same call may succeed later";
}

bool killed(const CallContext& context) {
  const Run& run = context.state();
  return run.phase == RunPhase::killed ||
         context.gate_state.state.killed(run.agent, run.id, context.asked.call.name()) != nullptr;
}

}  // namespace

// A scope that became narrower while the server worked counts for this result too.
std::shared_ptr<const Scope> scope_now(const CallContext& context) {
  const ToolRule* entry = context.entry();
  if (context.decided_under != nullptr && context.other_policy_now()) {
    const Call& call = context.asked.call;
    const ToolRule* newer = context.policy().find(call.server, call.tool);
    if (newer != nullptr) entry = newer;
  }
  return entry != nullptr ? entry->scope : nullptr;
}

namespace {

// The result as it is told, and whether it is an error; both may be known already.
std::string result_told(CallContext& context, Outcome& outcome, CallEnded& ended) {
  const std::shared_ptr<const Scope> scope = scope_now(context);
  ResultFindings* found = context.result_findings.get();
  ended.is_error =
      found != nullptr ? found->is_error : says_error(context.gate_state, outcome.result);
  if (!scope) return std::move(outcome.result);
  if (found == nullptr || found->scope != scope) {
    return projected(*scope, outcome.result, ended.withheld);
  }
  ended.withheld = std::move(found->withheld);
  return std::move(found->text);
}

// Fills in the record's outcome and the reply.
void describe(CallContext& context, Outcome& outcome, CallEnded& ended) {
  switch (outcome.kind) {
    case Outcome::Kind::result: {
      ended.outcome = "completed";
      std::string text = result_told(context, outcome, ended);
      if (!outcome.untold) ended.mark = mark_of_result(context, "result", text);
      text = with_change_told(context, std::move(text));
      reply_with(context, Settled::Kind::result, std::move(text), ended.withheld);
      return warn_in_reply(context, ended.mark);
    }
    case Outcome::Kind::error: {
      ended.outcome = "failed";
      ended.is_error = true;
      std::string text = scope_now(context) ? projected_error(outcome.result, ended.withheld)
                                            : std::move(outcome.result);
      ended.mark = mark_of_result(context, "error", text);
      reply_with(context, Settled::Kind::error, std::move(text), ended.withheld);
      return warn_in_reply(context, ended.mark);
    }
    case Outcome::Kind::cancelled: {
      // A cancelled effect may have happened all the same. The client that cancelled knows; after a
      // kill, or at the end of the run's time, no client does.
      const bool kill = killed(context);
      const bool ours = kill || context.out_of_time;
      ended.outcome = context.effect && ours ? "indeterminate" : "cancelled";
      const Code code = kill ? Code::killed : ours ? Code::ceiling : Code::cancelled;
      return reply_lost(context, code,
                        context.out_of_time ? "the time of the run was over, so it was cancelled "
                                              "while the server worked on it"
                                            : "it was cancelled while the server worked on it",
                        ended.outcome == "indeterminate");
    }
    case Outcome::Kind::lost:
      ended.outcome = "indeterminate";
      return reply_lost(context, Code::upstream_failed, "its outcome is not known: " + outcome.why,
                        context.effect);
  }
}

// With the result as a payload where there is room for it; the record alone must find room.
Result<std::uint64_t> write(CallContext& context, CallEnded ended, const std::string& text) {
  GateState& gate_state = context.gate_state;
  ended.result_bytes = text.size();
  const bool large = text.size() > gate_state.limits.result_payload_bytes_max;
  if (text.empty()) return gate_state.log.append(std::move(ended), {.urgency = Urgency::reserve});
  if (!large && !gate_state.journal.full()) {
    const PayloadRef payload = payload_of(gate_state, context.asked.run, text);
    ended.result = payload.commitment.text();
    const auto seq = gate_state.log.append(ended, {.payloads = {&payload, 1}});
    if (seq || gate_state.journal.failed()) return seq;
  }
  ended.result = to_string(sha256(text));
  return gate_state.log.append(std::move(ended), {.urgency = Urgency::reserve});
}

void learn_origins(CallContext& context) {
  const Call& call = context.asked.call;
  const ToolRule* entry = context.policy().find(call.server, call.tool);  // as it stands by now
  if (entry == nullptr || entry->untrusted || context.reply().kind != Settled::Kind::result ||
      !context.run->origins.wants(call.server, call.tool)) {
    return;
  }
  GateState& gate_state = context.gate_state;
  // Two keys of one name would have two readings: such a result is no origin.
  if (!gate_state.parser.parse(context.reply().text, gate_state.parsed)) return;
  context.run->origins.add_result(call.server, call.tool, context.call, gate_state.parsed.root());
}

// Moves what a request to a model used into its record. True: it is more than was reserved.
bool take_spent(const CallContext& context, Outcome& outcome, CallEnded& ended) {
  const LiveCall* call = context.gate_state.state.call(context.call);
  if (call == nullptr || !call->spend || !outcome.spent) return false;
  ended.spent = std::move(outcome.spent);
  return ended.spent->measured && exceeds(*call->spend, *ended.spent);
}

}  // namespace

Status settle(CallContext& context, Outcome outcome) {
  GateState& gate_state = context.gate_state;
  context.phase = CallContext::Phase::over;
  CallEnded ended;
  ended.call = context.call;
  ended.run = context.asked.run;
  ended.took = Duration{gate_state.clock.boot().ns - context.since.ns};
  if (const LiveCall* call = gate_state.state.call(context.call)) ended.records = call->records;
  if (context.taken) context.taken->spend(outcome.records);
  ended.sent_with = std::move(outcome.sent_with);
  const std::uint64_t reserved = ended.records;
  if (context.entry() != nullptr) {
    ended.records = settled_records(*context.entry(), reserved, outcome.records);
  }
  const bool excess = ended.records > reserved;
  const bool overspent = take_spent(context, outcome, ended);
  describe(context, outcome, ended);
  if (context.times) context.times->is_error = ended.is_error;
  const bool unknown = context.effect && ended.outcome == "indeterminate";
  const bool delivers =
      outcome.kind == Outcome::Kind::result || outcome.kind == Outcome::Kind::error;
  static const std::string nothing;
  const auto seq = write(context, std::move(ended), delivers ? context.reply().text : nothing);
  if (unknown) {
    halt(gate_state, context.asked.run, Code::upstream_failed,
         "it is not known how the call of `" + escape_untrusted(context.asked.call.name()) +
             "` ended");
  } else if (excess) {
    halt(gate_state, context.asked.run, Code::ceiling,
         "a call of `" + escape_untrusted(context.asked.call.name()) +
             "` touched more records than it had reserved");
  } else if (overspent) {
    halt(gate_state, context.asked.run, Code::ceiling,
         fmt::format("{}: `{}`", more_than_reserved, escape_untrusted(context.asked.call.name())));
  }
  PAWL_TRY(seq);
  context.decided = *seq;
  learn_origins(context);
  return {};
}

void deliver(CallContext& context, const Status& recorded) {
  if (context.caller.gone()) {
    context.reply() = {};
    context.reply().kind = Settled::Kind::gone;
    context.reply().call = context.call;
    return;
  }
  if (recorded) return;
  reply_lost(
      context, Code::audit_unavailable,
      "its end could not be written down, so its result is withheld: " + recorded.error().message,
      context.effect);
}

void lose(CallContext& context) {
  (void)settle(context,
               {.kind = Outcome::Kind::lost, .result = {}, .why = "the request was dropped"});
}

}  // namespace pawl
