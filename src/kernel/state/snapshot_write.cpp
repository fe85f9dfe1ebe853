#include <map>

#include "kernel/state/snapshot.h"
#include "model/record_members.h"

namespace pawl {

namespace {

template <class T>
void put(const T& part, json::Writer& out) {
  MemberWriter member(out);
  members(member, part);
  out.end();
}

template <class T>
std::map<std::string_view, const T*> sorted(const ByName<T>& parts) {
  std::map<std::string_view, const T*> out;
  for (const auto& [name, part] : parts) out.emplace(name, &part);
  return out;
}

template <class List>
void put_texts(const List& texts, json::Writer& out) {
  out.array();
  for (const std::string& text : texts) out.string(text);
  out.end();
}

void put_run(const Run& run, json::Writer& out) {
  out.object().key("entries").array();
  for (const auto& [name, counts] : run.entries) {
    out.object().key("counts");
    put(counts, out);
    out.key("entry").string(name).key("recent").array();
    for (const Starts& starts : counts.recent) put(starts, out);
    out.end().end();
  }
  out.end();
  if (!run.grants.empty()) {
    out.key("grants").array();
    for (const Grant& grant : run.grants) put(grant, out);
    out.end();
  }
  out.key("run");
  put(run, out);
  if (!run.seen.empty()) {
    out.key("seen").array();
    for (const auto& [tool, calls] : run.seen) {
      out.object().key("calls").natural(calls).key("tool").string(tool).end();
    }
    out.end();
  }
  if (!run.standing.empty()) {
    out.key("standing").array();
    for (const Standing& one : run.standing) put(one, out);
    out.end();
  }
  if (!run.sums.empty()) {
    out.key("sums");
    write_sums(run.sums, out);
  }
  out.end();
}

void put_approval(const Approval& approval, json::Writer& out) {
  out.object().key("answers").array();
  for (const Answer& answer : approval.answers) put(answer, out);
  out.end().key("approval");
  put(approval, out);
  out.key("asked");
  put(approval.asked.record(), out);
  if (approval.changed) {
    out.key("changed");
    put(*approval.changed, out);
  }
  if (approval.talk) {
    out.key("remarks").array();
    for (const Remark& remark : approval.talk->remarks) put(remark, out);
    out.end().key("talk");
    put(*approval.talk, out);
  }
  out.end();
}

void put_escalations(const std::map<std::string, Escalation, std::less<>>& escalations,
                     json::Writer& out) {
  if (escalations.empty()) return;
  out.key("escalations").array();
  for (const auto& [id, escalation] : escalations) {
    out.object().key("escalation");
    put(escalation, out);
    out.key("opened");
    put(escalation.opened, out);
    out.end();
  }
  out.end();
}

}  // namespace

std::string Snapshot::write(const State& state) {
  json::Writer out;
  out.object().key("approvals").array();
  for (const auto& [id, approval] : sorted(state.approvals_)) put_approval(*approval, out);
  out.end().key("calls").array();
  for (const auto& [id, call] : sorted(state.calls_)) put(*call, out);
  out.end().key("closed");
  put_texts(state.closed_, out);
  out.key("definitions");
  put_texts(state.definitions_, out);
  out.key("ended");
  put_texts(state.ended_, out);
  out.key("epoch").integer(state.epoch_);
  put_escalations(state.escalations(), out);
  out.key("keys").array();
  for (const auto& [key, run] : sorted(state.run_keys_)) {
    out.object().key("key").string(key).key("run").string(*run).end();
  }
  out.end().key("kills").array();
  for (const Kill& kill : state.kills_) put(kill, out);
  out.end();
  if (state.last_drill_) {
    out.key("last_drill").object().key("at").string(to_string(state.last_drill_->at));
    out.key("drill");
    put(state.last_drill_->drill, out);
    out.end();
  }
  out.key("next_seq").natural(state.next_seq_).key("pins").array();
  for (const auto& [tool, pin] : state.pins_) {
    out.object().key("digest").string(pin.digest).key("person").string(pin.person);
    out.key("server").string(tool.first).key("tool").string(tool.second).end();
  }
  out.end().key("policies").array();
  for (const auto& [digest, payload] : state.policy_payloads_) {
    out.object().key("digest").string(digest).key("payload").string(payload).end();
  }
  out.end();
  out.key("reviewers").array();
  for (const auto& [person, reviewer] : sorted(state.reviewers_)) put(*reviewer, out);
  out.end().key("runs").array();
  for (const auto& [id, run] : sorted(state.runs_)) put_run(*run, out);
  out.end();
  if (!state.sums_.empty()) {
    out.key("sums").array();
    for (const auto& [agent, sums] : state.sums_) {
      out.object().key("agent").string(agent).key("counters");
      write_sums(sums, out);
      out.end();
    }
    out.end();
  }
  out.key("v").integer(snapshot_format).end();
  return out.take();
}

std::string State::to_json() const {
  return Snapshot::write(*this);
}

}  // namespace pawl
