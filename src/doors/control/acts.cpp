// Acts: what an authenticated person does to a node.
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "base/text.h"
#include "doors/control/control.h"
#include "doors/control/spoken.h"
#include "io/approvals/ways.h"
#include "kernel/admit/typed.h"
#include "kernel/state/together.h"
#include "views/batch.h"
#include "views/cards.h"

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

// How one of them is shown where it is shown whole; the digest of that, and what is to be typed.
struct ShownWhole {
  std::string digest;
  std::optional<std::string> to_type;
};
Result<ShownWhole> shown_whole(const State& state, Journal& journal, const std::string& id) {
  const auto stored = views::approval_json(state, journal, id, {}, true);
  PAWL_TRY(stored);
  const auto view = json::parse(*stored);
  PAWL_TRY(view);
  const json::View question = view->root()["approval"];
  ShownWhole whole{std::string(question.text("shown").value_or("")), std::nullopt};
  if (whole.digest.empty()) {
    return fail(ErrorKind::refused,
                "what `" + escape_untrusted(id) + "` would run cannot be displayed");
  }
  const Approval* asked = state.approval(id);
  if (asked == nullptr || !asked->asked.terms->typed) return whole;
  auto wanted = views::text_to_type_of(journal, *asked);
  PAWL_TRY(wanted);
  whole.to_type = std::move(*wanted);
  return whole;
}

}  // namespace

Status Acts::answer_question(const std::string& person, const std::string& proof, json::View act) {
  const auto approval = text(act, "approval");
  const auto reason = text(act, "reason");
  const auto shown = text(act, "shown");
  for (const auto* part : {&approval, &reason, &shown}) {
    PAWL_TRY(*part);
  }
  const json::View approve = act["approve"];
  if (approve.kind() != json::Kind::boolean) {
    return fail(ErrorKind::invalid, "`approve` is neither true nor false");
  }
  const Approval* question = ports_.gate.state().approval(*approval);
  if (question == nullptr) {
    return fail(ErrorKind::missing,
                "there is no approval request `" + escape_untrusted(*approval) + "`");
  }
  bool typed = false;
  if (approve.boolean()) {
    // Shown is approved: the digest of the display must be the one of all that is stored here.
    const auto stored =
        views::approval_json(ports_.gate.state(), ports_.journal, *approval, {}, true);
    PAWL_TRY(stored);
    const auto view = json::parse(*stored);
    if (!view || view->root()["approval"].text("shown") != *shown) {
      return fail(ErrorKind::refused, "what was shown is not all of what would run");
    }
    if (question->asked.terms->typed) {
      const auto wanted = views::text_to_type_of(ports_.journal, *question);
      PAWL_TRY(wanted);
      if (!typed_right(act.text("typed").value_or(""), *wanted)) {
        return fail(ErrorKind::refused,
                    "what was typed is not what this approval request asks for; it stays open");
      }
      typed = true;
    }
  }
  const auto reach = reach_in(act);
  PAWL_TRY(reach);
  return ports_.gate.approvals.answer(*approval, person, ports_.groups_of(person),
                                      approve.boolean(), *reason, proof, *shown, typed, *reach);
}

// All of it is checked before any of it is written: what was displayed of each, and what was typed.
Status Acts::answer_together(const std::string& person, const std::string& proof, json::View act) {
  const auto reason = text(act, "reason");
  const auto shown = text(act, "shown");
  for (const auto* part : {&reason, &shown}) {
    PAWL_TRY(*part);
  }
  const json::View approve = act["approve"];
  const json::View each = act["answers"];
  if (approve.kind() != json::Kind::boolean || !each.is_array()) {
    return fail(ErrorKind::invalid, "`approve` is true or false, and `answers` a list");
  }
  BatchAnswer answers;
  std::map<std::string, std::string> displayed;
  for (const json::View one : each.elements()) {
    const auto id = text(one, "approval");
    PAWL_TRY(id);
    BatchAnswer::One answer{*id, std::string(one.text("shown").value_or("")), false};
    if (answers.to.size() >= together_max) break;  // refused below, by its number
    if (approve.boolean()) {
      const auto whole = shown_whole(ports_.gate.state(), ports_.journal, *id);
      PAWL_TRY(whole);
      if (whole->digest != answer.shown) {
        return fail(ErrorKind::refused, "what was shown of `" + escape_untrusted(*id) +
                                            "` is not all of what would run; nothing was answered");
      }
      answer.typed = whole->to_type.has_value();
      if (answer.typed && !typed_right(one.text("typed").value_or(""), *whole->to_type)) {
        return fail(ErrorKind::refused, "what was typed for `" + escape_untrusted(*id) +
                                            "` is not what it asks for; nothing was answered");
      }
    }
    displayed[*id] = answer.shown;
    answers.to.push_back(std::move(answer));
  }
  if (each.size() != answers.to.size() || views::digest_of_batch(displayed) != *shown) {
    return fail(ErrorKind::refused, "what was shown is not what is answered; nothing was answered");
  }
  answers.approve = approve.boolean();
  answers.person = person;
  answers.groups = ports_.groups_of(person);
  answers.reason = *reason;
  answers.proof = proof;
  answers.batch = *shown;
  return ports_.gate.approvals.answer(answers);
}

Status Acts::change_question(const std::string& person, const std::string& proof, json::View act) {
  Change change;
  for (const auto& [name, into] : {std::pair{"approval", &change.approval},
                                   {"reason", &change.reason},
                                   {"shown", &change.shown}}) {
    auto given = text(act, name);
    PAWL_TRY(given);
    *into = std::move(*given);
  }
  const auto wanted = arguments_in(act);
  PAWL_TRY(wanted);
  const auto changed = ports_.gate.approvals.try_change(change.approval, *wanted);
  PAWL_TRY(changed);
  const State& state = ports_.gate.state();
  const auto whole =
      views::changed_json(state, ports_.journal, change.approval, *changed, {}, true);
  PAWL_TRY(whole);
  const auto view = json::parse(*whole);
  PAWL_TRY(view);
  const json::View approval = view->root()["approval"];
  if (approval.text("shown") != change.shown) {
    return fail(ErrorKind::refused, "what was shown is not all of what would run");
  }
  if (const auto to_type = approval.text("type_this")) {
    if (!typed_right(act.text("typed").value_or(""), *to_type)) {
      return fail(ErrorKind::refused,
                  "what was typed is not what this approval request asks for; it stays open");
    }
    change.typed = true;
  }
  change.person = person;
  change.groups = ports_.groups_of(person);
  change.arguments = changed->arguments;
  change.proof = proof;
  return ports_.gate.approvals.change(change);
}

Status Acts::ask_agent(const std::string& person, const std::string& proof, json::View act) {
  auto approval = text(act, "approval");
  auto question = text(act, "text");
  for (const auto* part : {&approval, &question}) {
    PAWL_TRY(*part);
  }
  return ports_.gate.approvals.request_clarification(
      {std::move(*approval), person, ports_.groups_of(person), std::move(*question), proof});
}

Status Acts::pass_on(const std::string& person, const std::string& proof, json::View act) {
  auto approval = text(act, "approval");
  auto to = text(act, "to");
  auto reason = text(act, "reason");
  for (const auto* part : {&approval, &to, &reason}) {
    PAWL_TRY(*part);
  }
  return ports_.gate.approvals.reassign({std::move(*approval), person, ports_.groups_of(person),
                                         std::move(*to), std::move(*reason), proof});
}

Status Acts::accept(const std::string& person, const std::string&, json::View act) {
  if (!act["items"].is_array()) return fail(ErrorKind::invalid, "`items` is not a list");
  for (json::View item : act["items"].elements()) {
    const auto server = text(item, "server");
    const auto tool = text(item, "tool");
    const auto digest = text(item, "digest");
    for (const auto* part : {&server, &tool, &digest}) {
      PAWL_TRY(*part);
    }
    PAWL_TRY(ports_.gate.policies.accept(*server, *tool, *digest, person));
  }
  return {};
}

// Any enrolled reviewer answers for an escalation: it loosens nothing but the escalation.
Status Acts::acknowledge(const std::string& person, const std::string& proof, json::View act) {
  const auto escalation = text(act, "escalation");
  PAWL_TRY(escalation);
  const json::View resolved = act["resolved"];
  const bool over = resolved.kind() == json::Kind::boolean && resolved.boolean();
  return ports_.gate.alerts.acknowledge(*escalation, person, proof, over);
}

// One passkey more, or one less, of the person who asks: the record of their enrolment, anew.
Status Acts::passkey(const std::string& person, const std::string&, json::View act) {
  const auto& reviewers = ports_.gate.state().reviewers();
  const auto known = reviewers.find(person);
  if (known == reviewers.end()) {
    return fail(ErrorKind::refused, "only an enrolled reviewer has passkeys");
  }
  const bool adds = act["add"].exists();
  const auto given = text(act, adds ? "add" : "remove");
  PAWL_TRY(given);
  const std::string& now = known->second.verifier;
  const auto ways = adds ? with_passkey(now, *given) : without_passkey(now, *given);
  PAWL_TRY(ways);
  return ports_.gate.reviewers.enroll(person, kinds_of(*ways), *ways, person);
}

Status Acts::accept_deployment(const std::string& person, const std::string&, json::View act) {
  const auto digest = text(act, "digest");
  PAWL_TRY(digest);
  if (!ports_.accept_deployment) return fail(ErrorKind::usage, "nothing here accepts such a file");
  return ports_.accept_deployment(*digest, person);
}

std::string Acts::only_looks(const std::string& person) const {
  if (ports_.gate.reviewers.is_auditor(person))
    return "an auditor sees everything and decides nothing";
  return ports_.gate.reviewers.is_program(person)
             ? "a program answers by itself, and does nothing else"
             : "";
}

Status Acts::resume(const std::string& person, const std::string&, json::View act) {
  const auto scope = text(act, "scope");
  const auto name = text(act, "name");
  const auto reason = text(act, "reason");
  for (const auto* part : {&scope, &name, &reason}) {
    PAWL_TRY(*part);
  }
  return ports_.gate.kill_switch.resume(*scope, *name, person, *reason);
}

Status Acts::accept_policy(const std::string& person, const std::string&, json::View act) {
  const auto agent = text(act, "agent");
  const auto digest = text(act, "digest");
  for (const auto* part : {&agent, &digest}) {
    PAWL_TRY(*part);
  }
  return ports_.gate.policies.accept_policy(*agent, *digest, person);
}

Status Acts::accept_observation(const std::string& person, const std::string&, json::View act) {
  const auto agent = text(act, "agent");
  const auto digest = text(act, "digest");
  for (const auto* part : {&agent, &digest}) {
    PAWL_TRY(*part);
  }
  return ports_.gate.policies.accept_observation(*agent, *digest, person);
}

Status Acts::enrol(const std::string& person, const std::string&, json::View act) {
  const auto who = text(act, "enrolled");
  const auto verifier = text(act, "verifier");
  for (const auto* part : {&who, &verifier}) {
    PAWL_TRY(*part);
  }
  if (!valid_verifier(*verifier)) return fail(ErrorKind::invalid, "the verifier is not one");
  return ports_.gate.reviewers.enroll(*who, "passphrase", *verifier, person);
}

// Every kind of act.
std::span<const Acts::Kind> Acts::kinds() {
  static constexpr std::array<Kind, 13> table = {{
      {"accept", &Acts::accept},
      {"accept_deployment", &Acts::accept_deployment},
      {"accept_observation", &Acts::accept_observation},
      {"accept_policy", &Acts::accept_policy},
      {"acknowledge", &Acts::acknowledge},
      {"answer", &Acts::answer_question, true},
      {"answer_together", &Acts::answer_together, true},
      {"ask", &Acts::ask_agent},
      {"change", &Acts::change_question, true},
      {"enrol", &Acts::enrol},
      {"pass", &Acts::pass_on},
      {"passkey", &Acts::passkey},
      {"resume", &Acts::resume},
  }};
  return table;
}

Result<std::string> Acts::perform(const std::string& person, const std::string& proof,
                                  json::View act) {
  if (const std::string no = only_looks(person); !no.empty()) return fail(ErrorKind::refused, no);
  const std::string kind(act.text("kind").value_or(""));
  const auto row = std::ranges::find(kinds(), kind, &Kind::name);
  if (row == kinds().end()) {
    return fail(ErrorKind::usage, "there is no act `" + escape_untrusted(kind.substr(0, 64)) + "`");
  }
  PAWL_TRY((this->*row->perform)(person, proof, act));
  return row->answers ? answered(act) : done();
}

// Why a question ought to have been denied that was only asked to see whether people read; empty:
// it was not.
std::string Acts::measured(std::string_view approval) const {
  const Approval* question = ports_.gate.state().approval(approval);
  if (question == nullptr || !ports_.vigilance) return {};
  return ports_.vigilance(std::string(question->asked.run));
}

// The person who answered such a question is told so, and nothing before.
std::string Acts::answered(json::View act) const {
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

Status Acts::authenticate(json::View request, const std::string& source) {
  const auto person = text(request, "person");
  const auto nonce = text(request, "nonce");
  const auto signature = text(request, "signature");
  for (const auto* part : {&person, &nonce, &signature}) {
    if (!*part) return std::unexpected(part->error());
  }
  const Instant now = ports_.clock.now();
  const auto& reviewers = ports_.gate.state().reviewers();
  const auto known = reviewers.find(*person);
  const bool fresh = ports_.challenges.take(*nonce, source, *person, now);
  const Challenge challenge{ports_.journal.public_key(), *nonce, *person,
                            act_digest(request["act"])};
  if (known == reviewers.end() || !fresh ||
      !verify(challenge, *signature, known->second.verifier)) {
    ports_.challenges.failed(source, now);
    ports_.gate.alerts.note_refusal("proof refused", escape_untrusted(person->substr(0, 128)));
    return fail(ErrorKind::refused,
                "this proof does not show that `" + escape_untrusted(*person) + "` asks");
  }
  ports_.challenges.succeeded(source);
  return {};
}

// Why this person cannot prove here who they are; empty: they can.
std::string Acts::no_passphrase(const std::string& person) const {
  const auto& reviewers = ports_.gate.state().reviewers();
  const auto known = reviewers.find(person);
  if (known == reviewers.end()) {
    return "no reviewer is enrolled as `" + escape_untrusted(person) +
           "`, and an answer needs a proof";
  }
  const bool types = std::ranges::any_of(ways_of(known->second.verifier), valid_verifier);
  return types ? ""
               : "`" + escape_untrusted(person) + "` has no passphrase, and answers at the console";
}

// What stands in the way of the answers of the person who asks, if they say who they are, and, with
// `passphrase`, where that is how they would prove it.
views::MayNot Acts::may_not(json::View request) const {
  const auto asks = request.text("person");
  if (!asks) return {};
  const std::string person(*asks);
  std::string never = only_looks(person);
  const json::View types = request["passphrase"];
  if (never.empty() && types.kind() == json::Kind::boolean && types.boolean()) {
    never = no_passphrase(person);
  }
  return [this, person, never, groups = ports_.groups_of(person)](const std::string& id) {
    return never.empty() ? ports_.gate.approvals.objections(id, person, groups)
                         : Objections{never, never, never};
  };
}

}  // namespace pawl
