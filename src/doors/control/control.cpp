#include "doors/control/control.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "base/text.h"
#include "doors/control/views.h"
#include "kernel/admit/typed.h"

namespace pawl {
namespace {

constexpr std::size_t reason_bytes_max = 4096;
constexpr std::size_t nonce_bytes = 32;

std::string_view word(Fault fault) {
  switch (fault) {
    case Fault::usage:
      return "usage";
    case Fault::invalid:
      return "invalid";
    case Fault::refused:
      return "refused";
    case Fault::missing:
      return "missing";
    case Fault::environment:
      return "environment";
    case Fault::io:
      return "io";
    case Fault::corrupt:
      return "corrupt";
    case Fault::internal:
      return "internal";
  }
  return "internal";
}

std::string refusal(const Error& error) {
  json::Writer out;
  out.object().key("ok").boolean(false).key("fault").string(word(error.fault));
  out.key("error").string(to_string(error)).end();
  return out.take();
}

Result<std::string> text(json::View object, std::string_view key) {
  const auto value = object.text(key);
  if (!value) return fail(Fault::invalid, "`" + std::string(key) + "` is not a text");
  if (value->size() > reason_bytes_max) {
    return fail(Fault::invalid, "`" + std::string(key) + "` is too long");
  }
  return std::string(*value);
}

std::string done() {
  return R"({"ok":true})";
}

}  // namespace

std::string hello_text(std::string_view nonce) {
  return "pawl hello v1\n" + std::string(nonce) + "\n";
}

std::string act_digest(json::View act) {
  return spelled(sha256(json::write(act)));
}

Task<Status> Control::durable() {
  if (ports_.journal.next() == 0) co_return Status{};
  co_return co_await ports_.journal.durable(ports_.journal.next() - 1);
}

Task<std::string> Control::answer(std::string request) {
  const auto document = json::parse(request);
  if (!document || !document->root().is_object()) {
    co_return refusal({Fault::invalid, "the request is not a JSON object", {}});
  }
  const json::View root = document->root();
  const std::string op(root.text("op").value_or(""));
  Result<std::string> answered;
  bool writes = true;
  if (op == "kill") {
    answered = kill(root);
  } else if (op == "act") {
    answered = act(root);
  } else if (op == "run_open") {
    answered = ports_.open_run ? ports_.open_run(root)
                               : fail(Fault::usage, "this node opens no runs on request");
  } else if (op == "rotate_keys") {
    answered = ports_.rotate_keys ? ports_.rotate_keys(root)
                                  : fail(Fault::usage, "this node has no keys of runs");
  } else if (op == "run_close") {
    answered = close_run(root);
  } else {
    answered = read(op, root);
    writes = false;
  }
  if (!answered) co_return refusal(answered.error());
  if (writes) {
    if (Status written = co_await durable(); !written) co_return refusal(written.error());
  }
  co_return std::move(*answered);
}

// The views that pages and terminals are made of.
Result<std::string> Control::show(std::string_view op, json::View request) {
  const Instant now = ports_.clock.now();
  if (op == "status") {
    return status_json(ports_.gate, ports_.journal, now, ports_.version, ports_.chronicle);
  }
  if (op == "approvals") {
    return approvals_json(ports_.gate.state(), ports_.journal, now, ports_.chronicle);
  }
  if (op == "approval") {
    const auto id = text(request, "id");
    if (!id) return std::unexpected(id.error());
    const json::View full = request["full"];
    const bool all = full.kind() == json::Kind::boolean && full.boolean();
    return approval_json(ports_.gate.state(), ports_.journal, *id, now, all, ports_.chronicle);
  }
  if (op == "change") {
    const auto id = text(request, "id");
    if (!id) return std::unexpected(id.error());
    const auto changed = ports_.gate.try_change(*id, json::write(request["arguments"]));
    if (!changed) return std::unexpected(changed.error());
    const json::View full = request["full"];
    const bool all = full.kind() == json::Kind::boolean && full.boolean();
    return changed_json(ports_.gate.state(), ports_.journal, *id, *changed, now, all);
  }
  if (ports_.chronicle == nullptr) return fail(Fault::usage, "this node remembers nothing");
  if (op == "run") {
    const auto id = text(request, "id");
    if (!id) return std::unexpected(id.error());
    return run_json(ports_.gate, *id, now, *ports_.chronicle);
  }
  return people_json(ports_.gate.state(), now, *ports_.chronicle);
}

Result<std::string> Control::read(std::string_view op, json::View request) {
  const Instant now = ports_.clock.now();
  if (op == "hello") {
    const auto nonce = text(request, "nonce");
    if (!nonce) return std::unexpected(nonce.error());
    json::Writer out;
    out.object().key("ok").boolean(true).key("node").string(ports_.journal.public_key());
    out.key("signature").string(ports_.sign(hello_text(*nonce))).end();
    return out.take();
  }
  if (op == "status" || op == "approvals" || op == "approval" || op == "run" ||
      op == "people" || op == "change") {
    return show(op, request);
  }
  if (op == "policy") {
    const auto agent = text(request, "agent");
    if (!agent) return std::unexpected(agent.error());
    return policy_json(ports_.gate.state(), ports_.journal, *agent);
  }
  if (op == "console") {
    if (!ports_.console) return fail(Fault::usage, "this node has no console");
    auto address = ports_.console();
    if (!address) return std::unexpected(address.error());
    json::Writer out;
    out.object().key("address").string(*address).key("ok").boolean(true).end();
    return out.take();
  }
  if (op == "reviewers") return reviewers_json(ports_.gate.state(), ports_.config);
  if (op == "reread") {
    if (Status read = ports_.reread(); !read) return std::unexpected(read.error());
    return done();
  }
  if (op == "challenge") {
    const auto person = text(request, "person");
    if (!person) return std::unexpected(person.error());
    const auto& reviewers = ports_.gate.state().reviewers();
    const auto known = reviewers.find(*person);
    if (known == reviewers.end()) {
      return fail(Fault::missing, "there is no reviewer `" + visible(*person) +
                                      "`; the first is enrolled with `pawl reviewers add`");
    }
    auto nonce = ports_.challenges.open(*person, ports_.random(nonce_bytes), now);
    if (!nonce) return std::unexpected(nonce.error());
    json::Writer out;
    out.object().key("ok").boolean(true).key("nonce").string(*nonce);
    out.key("node").string(ports_.journal.public_key());
    out.key("verifier").string(known->second.verifier).end();
    return out.take();
  }
  return fail(Fault::usage, "there is no request `" + visible(op.substr(0, 64)) + "`");
}

Result<std::string> Control::kill(json::View request) {
  const auto scope = text(request, "scope");
  const auto name = text(request, "name");
  const auto reason = text(request, "reason");
  const auto by = text(request, "by");
  for (const auto* part : {&scope, &name, &reason, &by}) {
    if (!*part) return std::unexpected(part->error());
  }
  if (reason->empty()) return fail(Fault::usage, "a kill needs a reason");
  auto stopped = ports_.gate.kill(*scope, *name, *by, *reason);
  if (!stopped) return std::unexpected(stopped.error());
  if (ports_.killed) ports_.killed(*stopped);
  json::Writer out;
  out.object().key("ok").boolean(true);
  const auto list = [&out](std::string_view key, const std::vector<std::string>& names) {
    out.key(key).array();
    for (const std::string& entry : names) out.string(entry);
    out.end();
  };
  list("runs", stopped->runs);
  list("withdrawn", stopped->withdrawn);
  list("cancelled", stopped->cancelled);
  out.end();
  return out.take();
}

// Ending a run only tightens: it needs nobody's proof.
Result<std::string> Control::close_run(json::View request) {
  const auto run = text(request, "run");
  const auto reason = text(request, "reason");
  const auto by = text(request, "by");
  for (const auto* part : {&run, &reason, &by}) {
    if (!*part) return std::unexpected(part->error());
  }
  const std::string why = "closed by " + visible(*by) + (reason->empty() ? "" : ": " + *reason);
  if (Status closed = ports_.gate.close_run(*run, why); !closed) {
    return std::unexpected(closed.error());
  }
  return done();
}

Status Control::authenticate(json::View request) {
  const auto person = text(request, "person");
  const auto nonce = text(request, "nonce");
  const auto signature = text(request, "signature");
  for (const auto* part : {&person, &nonce, &signature}) {
    if (!*part) return std::unexpected(part->error());
  }
  const Instant now = ports_.clock.now();
  const auto& reviewers = ports_.gate.state().reviewers();
  const auto known = reviewers.find(*person);
  const bool fresh = ports_.challenges.take(*nonce, *person, now);
  const Challenge challenge{ports_.journal.public_key(), *nonce, *person,
                            act_digest(request["act"])};
  if (known == reviewers.end() || !fresh ||
      !verify(challenge, *signature, known->second.verifier)) {
    // Names that nobody has would only fill the memory.
    if (known != reviewers.end()) ports_.challenges.failed(*person, now);
    (void)ports_.gate.note({}, "proof refused", visible(person->substr(0, 128)));
    return fail(Fault::refused, "this proof does not show that `" + visible(*person) + "` asks");
  }
  ports_.challenges.succeeded(*person);
  return {};
}

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
    return fail(Fault::invalid, "`approve` is neither true nor false");
  }
  const Approval* question = ports_.gate.state().approval(*approval);
  if (question == nullptr) {
    return fail(Fault::missing, "there is no question `" + visible(*approval) + "`");
  }
  bool typed = false;
  if (approve.boolean()) {
    // Shown is approved: the digest of the display must be the one of all that is stored here.
    const auto stored = approval_json(ports_.gate.state(), ports_.journal, *approval, {}, true);
    if (!stored) return std::unexpected(stored.error());
    const auto view = json::parse(*stored);
    if (!view || view->root()["approval"].text("shown") != *shown) {
      return fail(Fault::refused, "what was shown is not all of what would run");
    }
    if (question->asked.terms->typed) {
      const auto wanted = text_to_type_of(ports_.journal, *question);
      if (!wanted) return std::unexpected(wanted.error());
      if (!typed_right(act.text("typed").value_or(""), *wanted)) {
        return fail(Fault::refused,
                    "what was typed is not what this question asks for; it stays open");
      }
      typed = true;
    }
  }
  return ports_.gate.answer(*approval, person, ports_.groups_of(person), approve.boolean(), *reason,
                            proof, *shown, typed);
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
  const auto changed = ports_.gate.try_change(change.approval, json::write(act["arguments"]));
  if (!changed) return std::unexpected(changed.error());
  const State& state = ports_.gate.state();
  const auto whole = changed_json(state, ports_.journal, change.approval, *changed, {}, true);
  if (!whole) return std::unexpected(whole.error());
  const auto view = json::parse(*whole);
  if (!view) return std::unexpected(view.error());
  const json::View approval = view->root()["approval"];
  if (approval.text("shown") != change.shown) {
    return fail(Fault::refused, "what was shown is not all of what would run");
  }
  if (const auto wanted = approval.text("type_this")) {
    if (!typed_right(act.text("typed").value_or(""), *wanted)) {
      return fail(Fault::refused,
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

Status Control::accept(const std::string& person, json::View act) {
  if (!act["items"].is_array()) return fail(Fault::invalid, "`items` is not a list");
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

Result<std::string> Control::act(json::View request) {
  const json::View act = request["act"];
  if (!act.is_object()) return fail(Fault::invalid, "`act` is not an object");
  if (Status proof = authenticate(request); !proof) return std::unexpected(proof.error());
  return performed(std::string(request.text("person").value_or("")), "passphrase", act);
}

Task<std::string> Control::perform(std::string person, std::string proof, std::string act) {
  const auto document = json::parse(act);
  if (!document || !document->root().is_object()) {
    co_return refusal({Fault::invalid, "the act is not a JSON object", {}});
  }
  auto answered = performed(person, proof, document->root());
  if (!answered) co_return refusal(answered.error());
  if (Status written = co_await durable(); !written) co_return refusal(written.error());
  co_return std::move(*answered);
}

// `proof` says how the person was proven.
Result<std::string> Control::performed(const std::string& person, const std::string& proof,
                                       json::View act) {
  if (ports_.auditor && ports_.auditor(person)) {
    return fail(Fault::refused,
                "`" + visible(person) + "` is an auditor, who sees everything and decides nothing");
  }
  const std::string kind(act.text("kind").value_or(""));
  Status status;
  if (kind == "answer") {
    status = answer_question(person, proof, act);
  } else if (kind == "change") {
    status = change_question(person, proof, act);
  } else if (kind == "resume") {
    const auto scope = text(act, "scope");
    const auto name = text(act, "name");
    const auto reason = text(act, "reason");
    for (const auto* part : {&scope, &name, &reason}) {
      if (!*part) return std::unexpected(part->error());
    }
    status = ports_.gate.resume(*scope, *name, person, *reason);
  } else if (kind == "accept") {
    status = accept(person, act);
  } else if (kind == "accept_policy") {
    const auto agent = text(act, "agent");
    const auto digest = text(act, "digest");
    for (const auto* part : {&agent, &digest}) {
      if (!*part) return std::unexpected(part->error());
    }
    status = ports_.gate.accept_policy(*agent, *digest, person);
  } else if (kind == "enrol") {
    const auto who = text(act, "enrolled");
    const auto verifier = text(act, "verifier");
    for (const auto* part : {&who, &verifier}) {
      if (!*part) return std::unexpected(part->error());
    }
    if (!valid_verifier(*verifier)) return fail(Fault::invalid, "the verifier is not one");
    status = ports_.gate.enroll(*who, "passphrase", *verifier, person);
  } else {
    return fail(Fault::usage, "there is no act `" + visible(kind.substr(0, 64)) + "`");
  }
  if (!status) return std::unexpected(status.error());
  return done();
}

}  // namespace pawl
