// The members of every record, in byte order of their names. docs/formats/records.md says what each
// of them means; a test compares the two.
#pragma once

#include "base/members.h"
#include "model/record.h"
#include "model/spend_members.h"

namespace pawl {

template <class V>
void members(V& v, Part<V, NodeStarted>& b) {
  v.need("boot_id", b.boot_id);
  v.need("epoch", b.epoch);
  v.need("node", b.node);
  v.may("setup", b.setup);
  v.may("version", b.version);
}
template <class V>
void members(V& v, Part<V, NodeStopped>& b) {
  v.may("why", b.why);
}
template <class V>
void members(V& v, Part<V, PolicyLoaded>& b) {
  v.need("agent", b.agent);
  v.need("digest", b.digest);
  v.may("file", b.file);
  v.may("payload", b.payload);
}
template <class V>
void members(V& v, Part<V, DefinitionSeen>& b) {
  v.need("digest", b.digest);
  v.may("payload", b.payload);
  v.need("pin", b.pin);
  v.may("server", b.server);
  v.need("tool", b.tool);
}
template <class V>
void members(V& v, Part<V, PinAccepted>& b) {
  v.need("digest", b.digest);
  v.may("person", b.person);
  v.may("server", b.server);
  v.need("tool", b.tool);
}
template <class V>
void members(V& v, Part<V, RunOpened>& b) {
  v.need("agent", b.agent);
  v.may("caller", b.caller);
  v.may("client", b.client);
  v.may("identity", b.identity);
  v.need("key", b.key);
  v.may("payload_key", b.payload_key);
  v.may("policy", b.policy);
  v.need("run", b.run);
  v.may("sponsor", b.sponsor);
  v.may("task", b.task);
}
template <class V>
void members(V& v, Part<V, RunHalted>& b) {
  v.need("code", b.code);
  v.need("run", b.run);
  v.may("why", b.why);
}
template <class V>
void members(V& v, Part<V, RunClosed>& b) {
  v.need("run", b.run);
  v.may("why", b.why);
}
template <class V>
void members(V& v, Part<V, RunTightened>& b) {
  v.need("policy", b.policy);
  v.need("run", b.run);
}
template <class V>
void members(V& v, Part<V, KillSet>& b) {
  v.need("id", b.id);
  v.may("name", b.name);
  v.may("person", b.person);
  v.may("reason", b.reason);
  v.need("scope", b.scope);
}
template <class V>
void members(V& v, Part<V, Resumed>& b) {
  v.may("name", b.name);
  v.need("person", b.person);
  v.may("reason", b.reason);
  v.need("scope", b.scope);
}
template <class V>
void members(V& v, Part<V, SumCharge>& c) {
  v.need("add_nano", c.add.nano);
  v.need("counter", c.counter);
  v.may("key", c.key);
  v.may("window_ns", c.window);
}
template <class V>
void members(V& v, Part<V, CandidateSaid>& c) {
  v.may("code", c.code);
  v.may("effect", c.effect);
  v.need("policy", c.policy);
  v.may("rule", c.rule);
  v.may("rule_at", c.rule_at);
  v.may("why", c.why);
}
template <class V>
void members(V& v, Part<V, CallDecided>& b) {
  v.need("abi", b.abi);
  v.may("approval", b.approval);
  v.may("args", b.args);
  v.may("args_bytes", b.args_bytes);
  v.may("args_digest", b.args_digest);
  v.list("budgets", b.budgets);
  v.need("call", b.call);
  v.may("calls", b.calls);
  v.part("candidate", b.candidate);
  v.may("class", b.class_text);
  v.need("code", b.code);
  v.may("credential", b.credential);
  v.may("definition", b.definition);
  v.need("effect", b.effect);
  v.may("enforced", b.enforced, true);
  v.may("entry", b.entry);
  v.object("facts", b.facts);
  v.may("forwarded", b.forwarded);
  v.may("grant", b.grant);
  v.may("halt", b.halt);
  v.may("mark", b.mark);
  v.may("note", b.call_note);
  v.may("notify", b.notify);
  v.may("policy", b.policy);
  v.may("reason", b.reason);
  v.may("records", b.records);
  v.may("retry", b.retry);
  v.need("round", b.round);
  v.may("rule", b.rule);
  v.may("rule_at", b.rule_at);
  v.need("run", b.run);
  v.may("server", b.server);
  v.part("spend", b.spend);
  v.may("steps", b.steps);
  v.list("sums", b.sums);
  v.may("tool", b.tool);
}
template <class V>
void members(V& v, Part<V, ApprovalOpened>& b) {
  v.may("agent", b.agent);
  v.may("apart", b.apart);
  v.need("approval", b.approval);
  v.may("args", b.args);
  v.need("binding", b.binding);
  v.need("call", b.call);
  v.may("class", b.class_text);
  v.may("credential", b.credential);
  v.may("deny_on_timeout", b.deny_on_timeout, true);
  v.need("expires", b.expires);
  v.may("for_run_ns", b.for_run);
  v.may("identical", b.identical);
  v.may("likeness", b.likeness);
  v.need("quorum", b.quorum);
  v.may("reviewers", b.reviewers);
  v.need("run", b.run);
  v.may("sponsor", b.sponsor);
  v.may("tool", b.tool);
  v.may("typed", b.typed);
  v.may("typed_of", b.typed_of);
  v.may("why", b.why);
}
template <class V>
void members(V& v, Part<V, ApprovalAnswered>& b) {
  v.need("answer", b.answer);
  v.need("approval", b.approval);
  v.may("batch", b.batch);
  v.may("for_run", b.for_run);
  v.may("identical", b.identical);
  v.need("person", b.person);
  v.may("proof", b.proof);
  v.may("reason", b.reason);
  v.may("shown", b.shown);
  v.may("typed", b.typed);
}
template <class V>
void members(V& v, Part<V, ApprovalAsked>& b) {
  v.need("approval", b.approval);
  v.need("person", b.person);
  v.may("proof", b.proof);
  v.need("text", b.text);
}
template <class V>
void members(V& v, Part<V, ApprovalReplied>& b) {
  v.need("approval", b.approval);
  v.need("words", b.words);
}
template <class V>
void members(V& v, Part<V, ApprovalPassed>& b) {
  v.need("approval", b.approval);
  v.need("person", b.person);
  v.may("proof", b.proof);
  v.may("reason", b.reason);
  v.need("to", b.to);
}
template <class V>
void members(V& v, Part<V, ApprovalChanged>& b) {
  v.need("approval", b.approval);
  v.need("args", b.args);
  v.need("binding", b.binding);
  v.need("person", b.person);
  v.may("proof", b.proof);
  v.may("reason", b.reason);
  v.may("shown", b.shown);
  v.may("typed", b.typed);
}
template <class V>
void members(V& v, Part<V, ApprovalEnded>& b) {
  v.need("approval", b.approval);
  v.may("call", b.call);
  v.need("how", b.how);
}
template <class V>
void members(V& v, Part<V, ApprovalAttached>& b) {
  v.need("approval", b.approval);
  v.may("attached", b.attached, true);
  v.may("call", b.call);
}
template <class V>
void members(V& v, Part<V, CallEnded>& b) {
  v.need("call", b.call);
  v.may("credential", b.sent_with.name);
  v.may("credential_version", b.sent_with.version);
  v.may("is_error", b.is_error);
  v.may("mark", b.mark);
  v.need("outcome", b.outcome);
  v.may("principal", b.sent_with.principal);
  v.may("records", b.records);
  v.may("result", b.result);
  v.may("result_bytes", b.result_bytes);
  v.need("run", b.run);
  v.part("spent", b.spent);
  v.may("took_ns", b.took);
  v.may("withheld", b.withheld);
}
template <class V>
void members(V& v, Part<V, DenialsCounted>& b) {
  v.may("abi", b.abi, std::int64_t{all_denials_count_abi});
  v.may("ahead", b.ahead);
  v.may("code", b.code);
  v.need("count", b.count);
  v.need("run", b.run);
}
template <class V>
void members(V& v, Part<V, ReviewerEnrolled>& b) {
  v.may("by", b.by);
  v.need("person", b.person);
  v.need("proof", b.proof);
  v.may("verifier", b.verifier);
}
template <class V>
void members(V& v, Part<V, Escalated>& b) {
  v.may("contact", b.contact);
  v.may("escalation", b.escalation);
  v.need("event", b.event);
  v.may("failed", b.failed);
  v.may("outcome", b.outcome);
  v.may("run", b.run);
  v.may("step", b.step);
  v.may("via", b.via);
}
template <class V>
void members(V& v, Part<V, LadderContact>& c) {
  v.may("after_ns", c.after);
  v.need("name", c.name);
  v.need("via", c.via);
}
template <class V>
void members(V& v, Part<V, EscalationOpened>& b) {
  v.may("about", b.about);
  v.list("contacts", b.contacts);
  v.need("ends", b.ends);
  v.need("escalation", b.escalation);
  v.need("event", b.event);
  v.may("run", b.run);
  v.may("why", b.why);
}
template <class V>
void members(V& v, Part<V, EscalationChanged>& b) {
  v.need("escalation", b.escalation);
  v.need("how", b.how);
  v.may("person", b.person);
  v.may("proof", b.proof);
}
template <class V>
void members(V& v, Part<V, Drilled>& b) {
  v.may("after", b.after);
  v.may("alive", b.alive);
  v.may("calls", b.calls);
  v.may("dead_ns", b.dead);
  v.may("decided_ns", b.decided);
  v.need("drill", b.drill);
  v.may("passed", b.passed);
  v.need("person", b.person);
  v.may("processes", b.processes);
  v.need("role", b.role);
  v.need("run", b.run);
}
template <class V>
void members(V& v, Part<V, GrantedArgument>& a) {
  v.need("digest", a.digest);
  v.need("name", a.name);
}
template <class V>
void members(V& v, Part<V, GrantMade>& b) {
  v.may("approval", b.approval);
  v.list("arguments", b.arguments);
  v.may("before", b.before);
  v.need("call", b.call);
  v.may("calls", b.calls);
  v.need("grant", b.grant);
  v.need("line", b.line);
  v.need("run", b.run);
  v.need("tool", b.tool);
  v.need("until", b.until);
}
template <class V>
void members(V& v, Part<V, GrantEnded>& b) {
  v.need("grant", b.grant);
  v.may("person", b.person);
  v.may("reason", b.reason);
  v.need("run", b.run);
}
template <class V>
void members(V& v, Part<V, SnapshotTaken>& b) {
  v.need("digest", b.digest);
  v.need("size", b.size);
}
template <class V>
void members(V& v, Part<V, Noted>& b) {
  v.may("run", b.run);
  v.may("text", b.text);
  v.need("topic", b.topic);
}
template <class V>
void members(V&, Part<V, Unknown>&) {}

}  // namespace pawl
