#include "gate/approval/change.h"

#include "gate/approval/approvals.h"

#include <utility>

#include "base/text.h"
#include "gate/approval/approval_rules.h"
#include "gate/decision/facts.h"
#include "kernel/admit/admit.h"
#include "kernel/admit/explain.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

constexpr std::size_t arguments_told_max = 4096;

// The name of a tool as its parts: a server's name has no slash.
struct Named {
  std::string_view server, tool;
};
Named parts_of(std::string_view name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return {{}, name};
  return {name.substr(0, slash), name.substr(slash + 1)};
}

}  // namespace

Result<std::string> arguments_at(const GateState& gate_state, const std::string& commitment) {
  Digest digest{};
  if (!parse_spelled(commitment, digest)) {
    return fail(ErrorKind::corrupt, "the approval request does not say where its arguments are");
  }
  auto payload = gate_state.journal.payload(digest);
  PAWL_TRY(payload);
  if (payload->state != PayloadState::present) {
    return fail(ErrorKind::missing, "the arguments of this call are not stored any more");
  }
  return std::move(payload->bytes);
}

namespace {

// The call of a question as its agent would have made it. Lives as long as `arguments` and the
// question.
Result<Proposal> proposal_of(const GateRun& run, const Approval& asked, json::View arguments) {
  const Named name = parts_of(asked.asked.terms->tool);
  if (name.tool.starts_with("mcp:")) {
    return fail(ErrorKind::refused, "only calls of tools can be changed");
  }
  const auto known = run.tool_contexts.find(tool_key(name.server, name.tool));
  if (known == run.tool_contexts.end()) {
    return fail(ErrorKind::refused,
                "the node was restarted, and the agent has not come back for this call: until then "
                "it is not known what its tool would do with other arguments");
  }
  Proposal proposal;
  proposal.run = asked.asked.run;
  proposal.call = {name.server, name.tool, arguments};
  proposal.definition = known->second.definition;
  proposal.pin = known->second.pin;
  proposal.resolve = known->second.resolve;
  proposal.read_sql = known->second.read_sql;
  proposal.find_program = known->second.find_program;
  return proposal;
}

}  // namespace

Status judge_waiting(GateState& gate_state, const Approval& asked, json::View arguments,
                     const std::function<Status(const Situation&)>& judge) {
  GateRun* const run = run_of(gate_state, asked.asked.run);
  const Run* const state = gate_state.state.run(asked.asked.run);
  if (run == nullptr || state == nullptr) return fail(ErrorKind::missing, "its run is not known");
  const auto proposal = proposal_of(*run, asked, arguments);
  PAWL_TRY(proposal);
  const Call& call = proposal->call;
  const std::shared_ptr<const BoundTool> tool =
      run->policy->bound(call.server, call.tool, proposal->definition, gate_state.log.now());
  if (!tool) return fail(ErrorKind::refused, "the policy does not grant this tool any more");
  const Facts facts = gather(FactSources{gate_state, *run, *proposal, tool.get()});
  return judge(Situation{.policy = run->policy->policy(),
                         .state = gate_state.state,
                         .run = *state,
                         .call = call,
                         .tool = tool.get(),
                         .facts = facts,
                         .now = gate_state.log.now(),
                         .look = Look::after_hold});
}

namespace {

Result<json::Document> read_arguments(std::string_view text) {
  if (text.size() > changed_arguments_bytes_max) {
    return fail(ErrorKind::invalid, "arguments of more than " +
                                        std::to_string(changed_arguments_bytes_max) +
                                        " bytes are not taken from a reviewer");
  }
  auto document = json::parse(text);
  PAWL_TRY(document);
  if (!document->root().is_object()) {
    return fail(ErrorKind::invalid, "the arguments of a call are a JSON object");
  }
  return document;
}

// The arguments as they would be, canonical; an error where there is nothing to change.
Result<std::string> other_arguments(const GateState& gate_state, const Approval& asked,
                                    json::View wanted) {
  std::string arguments = json::write(wanted);
  for (const std::string& earlier : {asked.asked.args.text(), asked.args()}) {
    const auto same = arguments_at(gate_state, earlier);
    PAWL_TRY(same);
    if (*same == arguments) {
      return fail(ErrorKind::refused, "these are the arguments that it has: approve or deny it");
    }
  }
  return arguments;
}

// Why people who answer this question cannot answer for what was made of it.
Status may_become(const Approval& asked, const Verdict& verdict, const Call& call) {
  if (verdict.effect == Effect::deny) {
    return fail(ErrorKind::refused,
                "with these arguments it would be denied: " + reason_text(verdict, call));
  }
  const auto asked_class = parse_class(asked.asked.terms->class_text);
  const bool other_class = !asked_class || less_dangerous(*asked_class, verdict.action_class) ||
                           (verdict.action_class.external_sink && !asked_class->external_sink);
  if (other_class && to_string(verdict.action_class) != asked.asked.terms->class_text) {
    return fail(ErrorKind::refused, "with these arguments it would be of another class: " +
                                        to_string(verdict.action_class));
  }
  const std::string credential = verdict.credential == nullptr ? "" : *verdict.credential;
  if (credential != asked.asked.terms->credential) {
    return fail(ErrorKind::refused, "with these arguments it would use another credential");
  }
  if (verdict.effect != Effect::hold || !verdict.question) return {};
  Approval as_changed = asked;
  as_changed.changed = std::make_shared<const ChangedQuestion>();
  const std::string why = not_covered(as_changed, *verdict.question);
  if (why.empty()) return {};
  return fail(ErrorKind::refused, "with these arguments it would be another approval request: " +
                                      why + " (" + verdict.question->why + ")");
}

Result<Changed> judge_changed(GateState& gate_state, const Approval& asked, std::string_view text) {
  const auto document = read_arguments(text);
  PAWL_TRY(document);
  auto arguments = other_arguments(gate_state, asked, document->root());
  PAWL_TRY(arguments);
  Changed changed;
  const auto judge = [&](const Situation& s) -> Status {
    const Verdict verdict = admit(s);
    PAWL_TRY(may_become(asked, verdict, s.call));
    changed = {*std::move(arguments),
               to_string(binding_of(s.policy, *s.tool, s.run, s.call, s.facts)),
               verdict.action_class};
    return {};
  };
  const Status judged = judge_waiting(gate_state, asked, document->root(), judge);
  PAWL_TRY(judged);
  return changed;
}

}  // namespace

Status take_change(CallContext& context, const Approval& asked) {
  if (!asked.changed || context.change_taken == asked.changed) return {};
  auto text = arguments_at(context.gate_state, asked.changed->args);
  PAWL_TRY(text);
  auto document = json::parse(*text);
  PAWL_TRY(document);
  context.changed = std::make_unique<json::Document>(std::move(*document));
  context.change_taken = asked.changed;
  context.asked.call.arguments = context.changed->root();
  return {};
}

std::string with_told(std::string result, const std::string& text, Told where) {
  const auto document = json::parse(result, {.duplicate_keys = json::DuplicateKeys::permit});
  if (!document || !document->root()["content"].is_array()) return result;
  json::Writer out;
  const auto put = [&] { out.object().key("text").string(text).key("type").string("text").end(); };
  out.object();
  for (const auto& [name, value] : document->root().members()) {
    out.key(name);
    if (name != "content") {
      out.value(value);
      continue;
    }
    out.array();
    if (where == Told::first) put();
    for (json::View block : value.elements()) out.value(block);
    if (where == Told::last) put();
    out.end();
  }
  out.end();
  return out.take();
}

std::string with_change_told(const CallContext& context, std::string result) {
  if (!context.changed) return result;
  const Approval* asked = context.gate_state.state.approval(context.approval);
  std::string told = "a reviewer approved this call with other arguments than yours";
  const std::string arguments = json::write(context.changed->root());
  if (arguments.size() <= arguments_told_max) told += ": " + arguments;
  if (asked != nullptr && asked->changed) {
    for (const Answer& answer : asked->answers) {
      const bool theirs = answer.counts && answer.person == asked->changed->person;
      if (theirs && !answer.reason.empty()) told += "\nwhy: " + escape_untrusted(answer.reason);
    }
  }
  return with_told(std::move(result), told, Told::first);
}

Result<Changed> Approvals::try_change(const std::string& id, std::string_view arguments) const {
  const Approval* asked = gate_state_.state.approval(id);
  if (asked == nullptr)
    return fail(ErrorKind::missing, "there is no approval request `" + escape_untrusted(id) + "`");
  return judge_changed(gate_state_, *asked, arguments);
}

Status Approvals::change(const Change& change) {
  GateState& gate_state = gate_state_;
  const AnswerGiven answering{AnswerGiven::Kind::change,
                              change.approval,
                              change.person,
                              change.groups,
                              change.proof,
                              change.typed};
  PAWL_TRY(may_answer(gate_state, answering));
  const Approval& asked = *gate_state.state.approval(change.approval);
  auto changed = judge_changed(gate_state, asked, change.arguments);
  PAWL_TRY(changed);
  const PayloadRef payload = payload_of(gate_state, asked.asked.run, changed->arguments);
  ApprovalChanged record;
  record.approval = change.approval;
  record.person = change.person;
  record.reason = change.reason;
  record.proof = change.proof;
  record.shown = change.shown;
  record.args = payload.commitment.text();
  record.binding = std::move(changed->binding);
  record.typed = asked.asked.terms->typed;
  const auto seq = gate_state.log.append(std::move(record), {.payloads = {&payload, 1}});
  PAWL_TRY(seq);
  after_answer(gate_state, change.approval, *seq);
  return {};
}

}  // namespace pawl
