#include "doors/control/control.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "base/text.h"
#include "doors/control/spoken.h"
#include "doors/control/together.h"
#include "doors/control/views.h"

namespace pawl {
namespace {

constexpr std::size_t nonce_bytes = 32;

std::string_view word(ErrorKind fault) {
  switch (fault) {
    case ErrorKind::usage:
      return "usage";
    case ErrorKind::invalid:
      return "invalid";
    case ErrorKind::refused:
      return "refused";
    case ErrorKind::missing:
      return "missing";
    case ErrorKind::environment:
      return "environment";
    case ErrorKind::io:
      return "io";
    case ErrorKind::corrupt:
      return "corrupt";
    case ErrorKind::internal:
      return "internal";
  }
  return "internal";
}

}  // namespace

std::string refusal(const Error& error) {
  json::Writer out;
  out.object().key("ok").boolean(false).key("fault").string(word(error.fault));
  out.key("error").string(to_string(error)).end();
  return out.take();
}

Result<std::string> text(json::View object, std::string_view key) {
  const auto value = object.text(key);
  if (!value) return fail(ErrorKind::invalid, "`" + std::string(key) + "` is not a text");
  if (value->size() > spoken_bytes_max) {
    return fail(ErrorKind::invalid, "`" + std::string(key) + "` is too long");
  }
  return std::string(*value);
}

Result<std::string> arguments_in(json::View object) {
  const auto as_text = object.text("arguments_text");
  return as_text ? std::string(*as_text) : json::write(object["arguments"]);
}

std::string done() {
  return R"({"ok":true})";
}

std::string hello_text(std::string_view nonce) {
  return "pawl hello v1\n" + std::string(nonce) + "\n";
}

std::string act_digest(json::View act) {
  return to_string(sha256(json::write(act)));
}

Task<Status> Control::durable() {
  if (ports_.journal.next() == 0) co_return Status{};
  co_return co_await ports_.journal.durable(ports_.journal.next() - 1);
}

// No report of a damaged journal looks like one of a whole journal.
Task<std::string> Control::with_damage(std::string op, std::string answer) {
  const bool reports = op == "status" || op == "people" || op == "run";
  if (!ports_.damage || (!reports && op != "approvals")) co_return answer;
  const std::string damage = co_await ports_.damage(reports);
  if (damage.empty()) co_return answer;
  json::Writer member;
  member.object().key("damage").string(damage).end();
  std::string with = member.take();
  with.back() = ',';
  co_return with + answer.substr(1);
}

Task<std::string> Control::answer(std::string request, std::string source) {
  const auto document = json::parse(request);
  if (!document || !document->root().is_object()) {
    co_return refusal({ErrorKind::invalid, "the request is not a JSON object", {}});
  }
  const json::View root = document->root();
  const std::string op(root.text("op").value_or(""));
  Result<std::string> answered;
  bool writes = true;
  if (op == "kill") {
    answered = co_await kill(root);
  } else if (op == "act" && root["act"].text("kind") == "drill") {
    answered = co_await drill(root, source);
  } else if (op == "act") {
    answered = act(root, source);
  } else if (op == "run_open") {
    answered = ports_.open_run ? ports_.open_run(root)
                               : fail(ErrorKind::usage, "this node opens no runs on request");
  } else if (op == "rotate_keys") {
    answered = ports_.rotate_keys ? ports_.rotate_keys(root)
                                  : fail(ErrorKind::usage, "this node has no keys of runs");
  } else if (op == "run_close") {
    answered = close_run(root);
  } else if (op == "grant_end") {
    answered = end_grant(root);
  } else {
    const std::vector<std::string> cards = cards_of(op, root);
    if (!cards.empty()) co_await remember(cards);
    answered = read(op, root, source);
    if (answered) note_display(cards, root);
    if (answered) answered = co_await with_damage(op, *std::move(answered));
    writes = false;
  }
  if (!answered) co_return refusal(answered.error());
  if (writes) {
    if (Status written = co_await durable(); !written) co_return refusal(written.error());
  }
  co_return std::move(*answered);
}

Answerers Control::answerers() const {
  Answerers people;
  for (const auto& [name, reviewer] : ports_.gate.state().reviewers()) {
    if (!only_looks(name).empty()) continue;
    people.persons.emplace_back(name, ports_.groups_of(name));
  }
  if (ports_.by_default) people.by_default = ports_.by_default();
  return people;
}

namespace {

std::string deployment_json(const std::string& config, const DeploymentNow& now) {
  json::Writer out;
  out.object().key("config").string(config).key("digest").string(now.digest);
  out.key("ok").boolean(true).key("text").string(now.text);
  return out.key("waiting").string(now.waiting).end().take();
}

std::string reread_json(const std::string& config, const std::string& mistake,
                        const DeploymentNow& now) {
  json::Writer out;
  out.object().key("config").string(config);
  if (!mistake.empty()) out.key("mistake").string(mistake);
  out.key("ok").boolean(true);
  if (!now.waiting.empty()) out.key("waits").string(now.laxer);
  return out.end().take();
}

}  // namespace

DeploymentNow Control::deployment_now() const {
  return ports_.deployment ? ports_.deployment() : DeploymentNow{};
}

// As a list: of one, or of none.
std::string Control::waiting_deployment() const {
  const DeploymentNow now = deployment_now();
  json::Writer out;
  out.array();
  if (!now.waiting.empty()) {
    out.object().key("accepted").string(now.digest).key("digest").string(now.waiting);
    out.key("file").string(ports_.config).key("laxer").string(now.laxer).end();
  }
  out.end();
  return out.take();
}

// The views that pages and terminals are made of.
Result<std::string> Control::show(std::string_view op, json::View request) {
  const Instant now = ports_.clock.now();
  if (op == "status") {
    return status_json(ports_.gate, ports_.journal, now, ports_.version, ports_.activity,
                       ports_.notices ? ports_.notices() : "[]", waiting_deployment());
  }
  if (op == "approvals") return questions(request);
  if (op == "changes") {
    if (ports_.activity == nullptr) return fail(ErrorKind::usage, "this node remembers nothing");
    json::Writer out;
    out.object().key("changes").natural(ports_.activity->changes_of_questions());
    return out.key("ok").boolean(true).end().take();
  }
  if (op == "together") {
    const auto ids = ids_in(request["ids"]);
    if (!ids) return std::unexpected(ids.error());
    const json::View full = request["full"];
    const bool all = full.kind() == json::Kind::boolean && full.boolean();
    return together_json(ports_.gate, ports_.journal, *ids, now, all, ports_.activity,
                         may_not(request));
  }
  if (op == "approval") {
    const auto id = text(request, "id");
    if (!id) return std::unexpected(id.error());
    const json::View full = request["full"];
    const bool all = full.kind() == json::Kind::boolean && full.boolean();
    const Approval* asked = ports_.gate.state().approval(*id);
    const auto policy = asked == nullptr ? nullptr : ports_.gate.policy_of(asked->asked.run);
    const Answerers people = answerers();
    const MayNot asks = may_not(request);
    const Objections why = asks ? asks(*id) : Objections{};
    return approval_json(ports_.gate.state(), ports_.journal, *id, now, all,
                         {.activity = ports_.activity,
                          .policy = policy.get(),
                          .people = &people,
                          .may_not = asks ? &why : nullptr});
  }
  if (op == "change") {
    const auto id = text(request, "id");
    if (!id) return std::unexpected(id.error());
    const auto wanted = arguments_in(request);
    if (!wanted) return std::unexpected(wanted.error());
    const auto changed = ports_.gate.try_change(*id, *wanted);
    if (!changed) return std::unexpected(changed.error());
    const json::View full = request["full"];
    const bool all = full.kind() == json::Kind::boolean && full.boolean();
    const auto policy = ports_.gate.policy_of(ports_.gate.state().approval(*id)->asked.run);
    return changed_json(ports_.gate.state(), ports_.journal, *id, *changed, now, all, policy.get());
  }
  if (ports_.activity == nullptr) return fail(ErrorKind::usage, "this node remembers nothing");
  if (op == "run") {
    const auto id = text(request, "id");
    if (!id) return std::unexpected(id.error());
    return run_json(ports_.gate, *id, now, *ports_.activity);
  }
  return people_json(ports_.gate.state(), now, *ports_.activity, ports_.access);
}

Result<std::string> Control::challenge(json::View request, const std::string& source) {
  const auto person = text(request, "person");
  if (!person) return std::unexpected(person.error());
  const auto& reviewers = ports_.gate.state().reviewers();
  const auto known = reviewers.find(*person);
  if (known == reviewers.end()) {
    return fail(ErrorKind::missing, "no reviewer is called `" + escape_untrusted(*person) +
                                        "`; the first is enrolled with `pawl reviewers add`");
  }
  auto nonce =
      ports_.challenges.open(source, *person, ports_.random(nonce_bytes), ports_.clock.now());
  if (!nonce) return std::unexpected(nonce.error());
  json::Writer out;
  out.object().key("ok").boolean(true).key("nonce").string(*nonce);
  out.key("node").string(ports_.journal.public_key());
  out.key("verifier").string(known->second.verifier).end();
  return out.take();
}

Result<std::string> Control::read(std::string_view op, json::View request,
                                  const std::string& source) {
  if (op == "hello") {
    const auto nonce = text(request, "nonce");
    if (!nonce) return std::unexpected(nonce.error());
    json::Writer out;
    out.object().key("ok").boolean(true).key("node").string(ports_.journal.public_key());
    out.key("signature").string(ports_.sign(hello_text(*nonce))).end();
    return out.take();
  }
  if (op == "status" || op == "approvals" || op == "approval" || op == "run" || op == "people" ||
      op == "change" || op == "changes" || op == "together") {
    return show(op, request);
  }
  if (op == "policy") {
    const auto agent = text(request, "agent");
    if (!agent) return std::unexpected(agent.error());
    return policy_json(ports_.gate.state(), ports_.journal, *agent);
  }
  if (op == "console") {
    if (!ports_.console) return fail(ErrorKind::usage, "this node has no console");
    auto address = ports_.console();
    if (!address) return std::unexpected(address.error());
    json::Writer out;
    out.object().key("address").string(*address).key("ok").boolean(true).end();
    return out.take();
  }
  if (op == "targets") return targets_json(ports_.gate, standing_names());
  if (op == "deployment") return deployment_json(ports_.config, deployment_now());
  if (op == "reviewers") return reviewers_json(ports_.gate.state(), ports_.config);
  if (op == "reread") {
    const auto mistake = ports_.reread();
    if (!mistake) return std::unexpected(mistake.error());
    return reread_json(ports_.config, *mistake, deployment_now());
  }
  if (op == "challenge") return challenge(request, source);
  return fail(ErrorKind::usage, "there is no request `" + escape_untrusted(op.substr(0, 64)) + "`");
}

Task<Result<std::string>> Control::kill(json::View request) {
  const auto scope = text(request, "scope");
  const auto name = text(request, "name");
  const auto reason = text(request, "reason");
  const auto by = text(request, "by");
  for (const auto* part : {&scope, &name, &reason, &by}) {
    if (!*part) co_return std::unexpected(part->error());
  }
  if (reason->empty()) co_return fail(ErrorKind::usage, "a kill needs a reason");
  const json::View processes = request["processes"];
  const bool end = processes.kind() == json::Kind::boolean && processes.boolean();
  // What exists before it: a kill makes no names. The switch is thrown whatever this says.
  const auto targets = targets_of(*scope, ports_.gate, standing_names());
  const bool found = is_target(*scope, *name, targets);
  const auto near = found ? std::vector<std::string>{} : near_targets(*scope, *name, targets);
  auto stopped = ports_.gate.kill(*scope, *name, *by, *reason);
  if (!stopped && stopped.error().fault == ErrorKind::missing) {
    co_return fail(ErrorKind::missing,
                   "nothing was stopped: " + stopped.error().message + meant_text(near));
  }
  if (!stopped) co_return std::unexpected(stopped.error());
  if (ports_.killed) ports_.killed(*stopped);
  json::Writer out;
  out.object().key("ok").boolean(true);
  const auto list = [&out](std::string_view key, const std::vector<std::string>& names) {
    out.key(key).array();
    for (const std::string& entry : names) out.string(entry);
    out.end();
  };
  const bool stops = found || !stopped->runs.empty() || !stopped->cancelled.empty();
  out.key("found").boolean(stops);
  if (!stops) list("near", near);
  list("runs", stopped->runs);
  list("withdrawn", stopped->withdrawn);
  list("cancelled", stopped->cancelled);
  if (ports_.processes) {
    out.key("processes").raw(co_await ports_.processes(*scope, *name, stopped->runs, end));
  }
  out.end();
  co_return out.take();
}

StandingNames Control::standing_names() const {
  return ports_.names ? ports_.names() : StandingNames{};
}

// Ending a run only tightens: it needs nobody's proof.
Result<std::string> Control::close_run(json::View request) {
  const auto run = text(request, "run");
  const auto reason = text(request, "reason");
  const auto by = text(request, "by");
  for (const auto* part : {&run, &reason, &by}) {
    if (!*part) return std::unexpected(part->error());
  }
  const std::string why =
      "closed by " + escape_untrusted(*by) + (reason->empty() ? "" : ": " + *reason);
  if (Status closed = ports_.gate.close_run(*run, why); !closed) {
    return std::unexpected(closed.error());
  }
  return done();
}

// So does taking back what was granted.
Result<std::string> Control::end_grant(json::View request) {
  const auto grant = text(request, "grant");
  const auto reason = text(request, "reason");
  const auto by = text(request, "by");
  for (const auto* part : {&grant, &reason, &by}) {
    if (!*part) return std::unexpected(part->error());
  }
  if (Status ended = ports_.gate.end_grant(*grant, *by, *reason); !ended) {
    return std::unexpected(ended.error());
  }
  return done();
}

Status Control::authenticate(json::View request, const std::string& source) {
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
    ports_.gate.note_refusal("proof refused", escape_untrusted(person->substr(0, 128)));
    return fail(ErrorKind::refused,
                "this proof does not show that `" + escape_untrusted(*person) + "` asks");
  }
  ports_.challenges.succeeded(source);
  return {};
}

Task<Result<std::string>> Control::drill(json::View request, std::string source) {
  if (!ports_.drill) co_return fail(ErrorKind::usage, "this node tries nothing");
  if (Status proof = authenticate(request, source); !proof)
    co_return std::unexpected(proof.error());
  const std::string person(request.text("person").value_or(""));
  if (const std::string no = only_looks(person); !no.empty())
    co_return fail(ErrorKind::refused, no);
  const json::View everything = request["act"]["everything"];
  const bool all = everything.kind() == json::Kind::boolean && everything.boolean();
  co_return co_await ports_.drill(person, all);
}

Result<std::string> Control::act(json::View request, const std::string& source) {
  const json::View act = request["act"];
  if (!act.is_object()) return fail(ErrorKind::invalid, "`act` is not an object");
  if (Status proof = authenticate(request, source); !proof) return std::unexpected(proof.error());
  return performed(std::string(request.text("person").value_or("")), "passphrase", act);
}

Task<std::string> Control::perform(std::string person, std::string proof, std::string act) {
  const auto document = json::parse(act);
  if (!document || !document->root().is_object()) {
    co_return refusal({ErrorKind::invalid, "the act is not a JSON object", {}});
  }
  auto answered = performed(person, proof, document->root());
  if (!answered) co_return refusal(answered.error());
  if (Status written = co_await durable(); !written) co_return refusal(written.error());
  co_return std::move(*answered);
}

}  // namespace pawl
