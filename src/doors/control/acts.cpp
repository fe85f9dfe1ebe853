// Acts: what an authenticated person does to a node.
#include <utility>

#include "base/text.h"
#include "doors/control/control.h"
#include "doors/control/spoken.h"
#include "doors/control/views.h"
#include "io/approvals/ways.h"
#include "kernel/admit/typed.h"

namespace pawl {

namespace {

// What an approval is to be good for besides its call: `identical` calls, or calls like it
// `for_run`.
Result<Reach> reach_in(json::View act) {
  Reach reach;
  const json::View identical = act["identical"];
  const json::View for_run = act["for_run"];
  if (identical.exists()) {
    if (!identical.is_integer() || identical.integer() < 1) {
      return fail(ErrorKind::invalid, "`identical` is not a number of calls");
    }
    reach.identical = static_cast<std::uint64_t>(identical.integer());
  }
  if (for_run.exists()) {
    if (for_run.kind() != json::Kind::boolean) {
      return fail(ErrorKind::invalid, "`for_run` is neither true nor false");
    }
    reach.for_run = for_run.boolean();
  }
  return reach;
}

}  // namespace

Status Control::answer_question(const std::string& person, const std::string& proof,
                                json::View act) {
  const auto approval = text(act, "approval");
  const auto reason = text(act, "reason");
  const auto shown = text(act, "shown");
  for (const auto* part : {&approval, &reason, &shown}) {
    if (!*part) return std::unexpected(part->error());
  }
  const json::View approve = act["approve"];
  if (approve.kind() != json::Kind::boolean) {
    return fail(ErrorKind::invalid, "`approve` is neither true nor false");
  }
  const Approval* question = ports_.gate.state().approval(*approval);
  if (question == nullptr) {
    return fail(ErrorKind::missing, "there is no question `" + escape_untrusted(*approval) + "`");
  }
  bool typed = false;
  if (approve.boolean()) {
    // Shown is approved: the digest of the display must be the one of all that is stored here.
    const auto stored = approval_json(ports_.gate.state(), ports_.journal, *approval, {}, true);
    if (!stored) return std::unexpected(stored.error());
    const auto view = json::parse(*stored);
    if (!view || view->root()["approval"].text("shown") != *shown) {
      return fail(ErrorKind::refused, "what was shown is not all of what would run");
    }
    if (question->asked.terms->typed) {
      const auto wanted = text_to_type_of(ports_.journal, *question);
      if (!wanted) return std::unexpected(wanted.error());
      if (!typed_right(act.text("typed").value_or(""), *wanted)) {
        return fail(ErrorKind::refused,
                    "what was typed is not what this question asks for; it stays open");
      }
      typed = true;
    }
  }
  const auto reach = reach_in(act);
  if (!reach) return std::unexpected(reach.error());
  return ports_.gate.answer(*approval, person, ports_.groups_of(person), approve.boolean(), *reason,
                            proof, *shown, typed, *reach);
}

Status Control::change_question(const std::string& person, const std::string& proof,
                                json::View act) {
  Change change;
  for (const auto& [name, into] : {std::pair{"approval", &change.approval},
                                   {"reason", &change.reason},
                                   {"shown", &change.shown}}) {
    auto given = text(act, name);
    if (!given) return std::unexpected(given.error());
    *into = std::move(*given);
  }
  const auto wanted = arguments_in(act);
  if (!wanted) return std::unexpected(wanted.error());
  const auto changed = ports_.gate.try_change(change.approval, *wanted);
  if (!changed) return std::unexpected(changed.error());
  const State& state = ports_.gate.state();
  const auto whole = changed_json(state, ports_.journal, change.approval, *changed, {}, true);
  if (!whole) return std::unexpected(whole.error());
  const auto view = json::parse(*whole);
  if (!view) return std::unexpected(view.error());
  const json::View approval = view->root()["approval"];
  if (approval.text("shown") != change.shown) {
    return fail(ErrorKind::refused, "what was shown is not all of what would run");
  }
  if (const auto to_type = approval.text("type_this")) {
    if (!typed_right(act.text("typed").value_or(""), *to_type)) {
      return fail(ErrorKind::refused,
                  "what was typed is not what this question asks for; it stays open");
    }
    change.typed = true;
  }
  change.person = person;
  change.groups = ports_.groups_of(person);
  change.arguments = changed->arguments;
  change.proof = proof;
  return ports_.gate.change(change);
}

Status Control::ask_agent(const std::string& person, const std::string& proof, json::View act) {
  auto approval = text(act, "approval");
  auto question = text(act, "text");
  for (const auto* part : {&approval, &question}) {
    if (!*part) return std::unexpected(part->error());
  }
  return ports_.gate.ask_back(
      {std::move(*approval), person, ports_.groups_of(person), std::move(*question), proof});
}

Status Control::pass_on(const std::string& person, const std::string& proof, json::View act) {
  auto approval = text(act, "approval");
  auto to = text(act, "to");
  auto reason = text(act, "reason");
  for (const auto* part : {&approval, &to, &reason}) {
    if (!*part) return std::unexpected(part->error());
  }
  return ports_.gate.pass_on({std::move(*approval), person, ports_.groups_of(person),
                              std::move(*to), std::move(*reason), proof});
}

Status Control::accept(const std::string& person, json::View act) {
  if (!act["items"].is_array()) return fail(ErrorKind::invalid, "`items` is not a list");
  for (json::View item : act["items"].elements()) {
    const auto server = text(item, "server");
    const auto tool = text(item, "tool");
    const auto digest = text(item, "digest");
    for (const auto* part : {&server, &tool, &digest}) {
      if (!*part) return std::unexpected(part->error());
    }
    if (Status done = ports_.gate.accept(*server, *tool, *digest, person); !done) return done;
  }
  return {};
}

// It ends with something going on again: a reviewer asks for it.
// Any enrolled reviewer answers for an escalation: it loosens nothing but the escalation.
Status Control::acknowledge(const std::string& person, const std::string& proof, json::View act) {
  const auto escalation = text(act, "escalation");
  if (!escalation) return std::unexpected(escalation.error());
  const json::View resolved = act["resolved"];
  const bool over = resolved.kind() == json::Kind::boolean && resolved.boolean();
  return ports_.gate.acknowledge(*escalation, person, proof, over);
}

// One passkey more, or one less, of the person who asks: the record of their enrolment, anew.
Status Control::passkey(const std::string& person, json::View act) {
  const auto& reviewers = ports_.gate.state().reviewers();
  const auto known = reviewers.find(person);
  if (known == reviewers.end()) {
    return fail(ErrorKind::refused, "only an enrolled reviewer has passkeys");
  }
  const bool adds = act["add"].exists();
  const auto given = text(act, adds ? "add" : "remove");
  if (!given) return std::unexpected(given.error());
  const std::string& now = known->second.verifier;
  const auto ways = adds ? with_passkey(now, *given) : without_passkey(now, *given);
  if (!ways) return std::unexpected(ways.error());
  return ports_.gate.enroll(person, kinds_of(*ways), *ways, person);
}

Status Control::accept_deployment(const std::string& person, json::View act) {
  const auto digest = text(act, "digest");
  if (!digest) return std::unexpected(digest.error());
  if (!ports_.accept_deployment) return fail(ErrorKind::usage, "nothing here accepts such a file");
  return ports_.accept_deployment(*digest, person);
}

std::string Control::only_looks(const std::string& person) const {
  if (ports_.gate.is_auditor(person)) return "an auditor sees everything and decides nothing";
  return ports_.gate.is_program(person) ? "a program answers by itself, and does nothing else" : "";
}

// `proof` says how the person was proven.
Result<std::string> Control::performed(const std::string& person, const std::string& proof,
                                       json::View act) {
  if (const std::string no = only_looks(person); !no.empty()) return fail(ErrorKind::refused, no);
  const std::string kind(act.text("kind").value_or(""));
  Status status;
  if (kind == "answer") {
    status = answer_question(person, proof, act);
  } else if (kind == "answer_together") {
    status = answer_together(person, proof, act);
  } else if (kind == "change") {
    status = change_question(person, proof, act);
  } else if (kind == "ask") {
    status = ask_agent(person, proof, act);
  } else if (kind == "pass") {
    status = pass_on(person, proof, act);
  } else if (kind == "resume") {
    const auto scope = text(act, "scope");
    const auto name = text(act, "name");
    const auto reason = text(act, "reason");
    for (const auto* part : {&scope, &name, &reason}) {
      if (!*part) return std::unexpected(part->error());
    }
    status = ports_.gate.resume(*scope, *name, person, *reason);
  } else if (kind == "acknowledge") {
    status = acknowledge(person, proof, act);
  } else if (kind == "accept") {
    status = accept(person, act);
  } else if (kind == "accept_policy") {
    const auto agent = text(act, "agent");
    const auto digest = text(act, "digest");
    for (const auto* part : {&agent, &digest}) {
      if (!*part) return std::unexpected(part->error());
    }
    status = ports_.gate.accept_policy(*agent, *digest, person);
  } else if (kind == "accept_observation") {
    const auto agent = text(act, "agent");
    const auto digest = text(act, "digest");
    for (const auto* part : {&agent, &digest}) {
      if (!*part) return std::unexpected(part->error());
    }
    status = ports_.gate.accept_observation(*agent, *digest, person);
  } else if (kind == "accept_deployment") {
    status = accept_deployment(person, act);
  } else if (kind == "passkey") {
    status = passkey(person, act);
  } else if (kind == "enrol") {
    const auto who = text(act, "enrolled");
    const auto verifier = text(act, "verifier");
    for (const auto* part : {&who, &verifier}) {
      if (!*part) return std::unexpected(part->error());
    }
    if (!valid_verifier(*verifier)) return fail(ErrorKind::invalid, "the verifier is not one");
    status = ports_.gate.enroll(*who, "passphrase", *verifier, person);
  } else {
    return fail(ErrorKind::usage, "there is no act `" + escape_untrusted(kind.substr(0, 64)) + "`");
  }
  if (!status) return std::unexpected(status.error());
  if (kind.starts_with("answer") || kind == "change") return answered(act);
  return done();
}

// Why a question ought to have been denied that was only asked to see whether people read; empty:
// it was not.
std::string Control::measured(std::string_view approval) const {
  const Approval* question = ports_.gate.state().approval(approval);
  if (question == nullptr || !ports_.vigilance) return {};
  return ports_.vigilance(std::string(question->asked.run));
}

// Whoever answered such a question is told so, and nothing before.
std::string Control::answered(json::View act) const {
  std::string wrong = measured(act.text("approval").value_or(""));
  for (json::View one : act["answers"].elements()) {
    const std::string id(one.text("approval").value_or(""));
    const std::string why = measured(id);
    if (!why.empty()) wrong += (wrong.empty() ? "" : "; ") + id + ": " + why;
  }
  if (wrong.empty()) return done();
  json::Writer out;
  out.object().key("ok").boolean(true).key("vigilance").string(wrong).end();
  return out.take();
}

}  // namespace pawl
