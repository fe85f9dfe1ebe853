// Runs and sub-runs at this door.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "doors/api/api_impl.h"
#include "gate/gate.h"
#include "kernel/policy/policy.h"

namespace pawl::api {
namespace {

// How a refusal of the gate is said in HTTP.
int status_of_fault(const Error& error) {
  if (error.message.starts_with("ceiling:")) return 429;
  switch (error.fault) {
    case ErrorKind::usage:
    case ErrorKind::invalid:
      return 400;
    case ErrorKind::missing:
      return 404;
    case ErrorKind::refused:
      return 409;
    case ErrorKind::environment:
    case ErrorKind::io:
    case ErrorKind::corrupt:
    case ErrorKind::internal:
      return 503;
  }
  return 503;
}

Code code_of_fault(const Error& error) {
  if (error.message.starts_with("ceiling:")) return Code::ceiling;
  const int status = status_of_fault(error);
  if (status == 503) return Code::audit_unavailable;
  return status == 400 ? Code::ambiguous_request : Code::not_granted;
}

bool plain_key(std::string_view key) {
  return !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// JSON as the YAML of our files, whose keys are plain words. The depth of a body is bounded.
Status put_yaml(json::View value, std::string& out) {
  if (value.is_object()) {
    char before = '{';
    for (const auto [key, member] : value.members()) {
      if (!plain_key(key)) {
        return fail(ErrorKind::invalid,
                    fmt::format("`{}` is not a key of a task here",
                                escape_untrusted(key.substr(0, api_name_bytes_max))));
      }
      out.append(1, before).append(key).append(": ");
      PAWL_TRY(put_yaml(member, out));
      before = ',';
    }
    out += before == '{' ? "{}" : "}";
  } else if (value.is_array()) {
    char before = '[';
    for (const json::View item : value.elements()) {
      out += before;
      PAWL_TRY(put_yaml(item, out));
      before = ',';
    }
    out += before == '[' ? "[]" : "]";
  } else {
    out += json::write(value);
  }
  return {};
}

// The task of a run: what was sent, and the words of the sponsor beside it.
Result<std::string> task_of(const NewRun& wanted, bool may_speak) {
  const bool words = !wanted.user_text.empty();
  if (!wanted.task.exists() && !words) return std::string();
  const bool in_task = wanted.task.exists() && wanted.task["text"].exists();
  if ((words || in_task) && !may_speak) {
    return fail(ErrorKind::refused,
                "words of the sponsor are taken only from who has the right to `speak` for it");
  }
  if (words && in_task) {
    return fail(ErrorKind::invalid, "`user_text` stands beside the task's own `text`");
  }
  json::Writer task;
  task.object();
  for (const auto [key, value] : wanted.task.members()) task.key(key).value(value);
  if (words) task.key("text").string(wanted.user_text);
  const auto whole = json::parse(task.end().text());
  PAWL_TRY(whole);
  std::string text;
  PAWL_TRY(put_yaml(whole->root(), text));
  return text;
}

// Of a run that is there: it goes on, whatever became of the role's file.
std::shared_ptr<const Policy> policy_of_open(const Gate& gate, const std::string& key) {
  const Run* known = gate.state().run_by_key(key);
  const bool open = known != nullptr && known->phase != RunPhase::closed;
  return open ? gate.runs.policy_of(known->id) : nullptr;
}

void put_credential(json::Writer& out, const std::string& audience,
                    const identity::Identities::Issued& issued) {
  out.key("audience").string(audience).key("credential").string(issued.token);
  out.key("expires").string(to_string(issued.expires));
}

}  // namespace

std::string run_json(const Run& run, const std::string& more) {
  json::Writer out;
  out.object().key("run").string(run.id).key("phase").string(to_string(run.phase));
  out.key("agent").string(run.agent).key("sponsor").string(run.sponsor);
  out.key("policy").string(run.policy).key("opened").string(to_string(run.opened));
  if (!run.why.empty()) out.key("why").string(escape_untrusted(run.why));
  out.key("steps").natural(run.steps.total()).key("denials").natural(run.denials.total());
  out.key("executing").natural(run.executing);
  out.key("held").natural(run.live - run.executing);
  std::string text = out.end().take();
  if (!more.empty()) {
    text.pop_back();
    text += "," + more + "}";
  }
  return text;
}

void Api::Impl::hold_open(const std::string& run, Instant until) {
  auto known = held.find(run);
  if (known == held.end() || until <= known->second.until) return;
  known->second.until = until;
  const Duration left{std::max<std::int64_t>(0, (until - ports.now()).ns)};
  known->second.timer = ports.executor.after(left, [room = weak_from_this(), run] {
    const auto self = room.lock();
    if (!self || self->held.erase(run) == 0) return;
    self->ports.gate.runs.leave(run);
  });
}

const Api::Impl::Held* Api::Impl::join_again(const std::string& run, Instant until) {
  if (!held.contains(run)) {
    const Run* known = ports.gate.state().run(run);
    const auto policy = ports.gate.runs.policy_of(run);
    auto role = known == nullptr ? Result<RoleInForce>(fail(ErrorKind::missing, "no run"))
                                 : ports.role(known->agent);
    if (!role || !policy) return nullptr;
    const RunRequest request{.key = known->key,
                             .sponsor = known->sponsor,
                             .client = {},
                             .policy = policy,
                             .task = policy->task,
                             .vouched = true};
    // Of a run that is over nothing is held open: the gate says what becomes of its calls.
    const bool joins = known->phase != RunPhase::closed && ports.gate.runs.open(request);
    held[run].lock = std::move(role->lock);
    if (!joins) held[run].until = until;
  }
  hold_open(run, until);
  return &held.at(run);
}

void Api::Impl::open_run(Visit& visit) {
  if (visit.who.credential) return open_sub_run(visit);
  const auto wanted = read_new_run(visit.body.root());
  if (!wanted) return visit.refuse(400, Code::ambiguous_request, wanted.error().message);
  const identity::Principal& who = visit.who;
  if (!wanted->sponsor.empty() && !who.rights.speak) {
    return visit.refuse(403, Code::identity, "a sponsor is named only by who may `speak` for it");
  }
  auto task = task_of(*wanted, who.rights.speak);
  if (!task) {
    const bool refused = task.error().fault == ErrorKind::refused;
    return visit.refuse(refused ? 403 : 400, refused ? Code::identity : Code::ambiguous_request,
                        task.error().message);
  }
  auto role = ports.role(who.role);
  if (!role)
    return visit.refuse(503, Code::audit_unavailable, "the policy of the role is not there");
  const std::string name = wanted->key.empty() ? ports.identities.new_id("k") : wanted->key;
  const std::string key = identity::run_key(who, name);
  auto policy = role->policy ? role->policy : policy_of_open(ports.gate, key);
  if (!policy) {
    return visit.refuse(status_of_fault(role->missing), code_of_fault(role->missing),
                        role->missing.message);
  }
  const RunRequest request{
      .key = key,
      .sponsor = wanted->sponsor.empty() ? who.sponsor : escape_untrusted(wanted->sponsor),
      .client = "api: " + who.agent + ", " + who.proof,
      .policy = std::move(policy),
      .task = std::move(*task),
      .task_file = "the request's task",
      .caller = who.agent,
      .vouched = role->vouched,
      .keeps_policy = true};
  const auto run = ports.gate.runs.open(request);
  if (!run) {
    return visit.refuse(status_of_fault(run.error()), code_of_fault(run.error()),
                        to_string(run.error()));
  }
  // A halt stands for everybody of this role and sponsor, and its run belongs to who opened it.
  if (!identity::opened_by(*ports.gate.state().run(*run), who.agent)) {
    ports.gate.runs.leave(*run);
    return visit.refuse(409, Code::run_halted,
                        "a run of this role and sponsor is halted until a reviewer resumes it");
  }
  give_credential(visit, *run, *wanted, std::move(role->lock));
}

// For a run that was just joined.
void Api::Impl::give_credential(Visit& visit, const std::string& run, const NewRun& wanted,
                                Lock lock) {
  const identity::Principal& who = visit.who;
  const std::string door = wanted.for_mcp ? ports.address + "/mcp/" + who.role : audience;
  const auto issued = ports.identities.issue(
      {.agent = who.agent, .run = run, .audience = door, .life = wanted.lasts});
  // One connection for this door, however often a run is joined here.
  if (!issued || held.contains(run)) ports.gate.runs.leave(run);
  if (!issued) {
    return visit.refuse(status_of_fault(issued.error()), code_of_fault(issued.error()),
                        issued.error().message);
  }
  held[run].lock = std::move(lock);
  hold_open(run, issued->expires);
  json::Writer more;
  more.object();
  put_credential(more, door, *issued);
  std::string members = more.key("role").string(who.role).end().take();
  members = members.substr(1, members.size() - 2);
  visit.answer(201, run_json(*ports.gate.state().run(run), members));
}

std::expected<OpenedSubRun, Refusal> Api::Impl::begin_sub_run(const jose::RunCredential& parent,
                                                              const NewSubRun& wanted,
                                                              const std::string& by) {
  const auto no = [](int status, Code code, std::string reason) {
    return std::unexpected(Refusal{status, code, std::move(reason)});
  };
  const SubRun* above = sub_runs->find(parent.run);
  SubRun sub{.root = above == nullptr ? parent.run : above->root, .credential = {}, .expires = {}};
  const Run* root = ports.gate.state().run(sub.root);
  if (root == nullptr || root->phase != RunPhase::open) {
    return no(409, Code::run_halted, "the run is not open");
  }
  const std::string sponsor = root->sponsor;
  const std::string door = wanted.for_mcp ? ports.address + "/mcp/" + root->agent : audience;
  auto credential = jose::delegate(parent,
                                   {.agent = wanted.agent,
                                    .run = ports.identities.new_id("s"),
                                    .id = ports.identities.new_id("j"),
                                    .expires = std::min(ports.now() + wanted.lasts, parent.expires),
                                    .attenuation = wanted.attenuation,
                                    .audience = door},
                                   ports.now());
  if (!credential) return no(403, Code::not_granted, jose::to_string(credential.error()));
  sub.credential = *credential;
  const auto issued = ports.identities.issue(std::move(*credential), sub.root);
  if (!issued) {
    return no(status_of_fault(issued.error()), code_of_fault(issued.error()),
              issued.error().message);
  }
  sub.expires = issued->expires;
  // It may be the first that this life of the node hears of the run.
  if (join_again(sub.root, issued->expires) == nullptr) {
    return no(503, Code::audit_unavailable, "the files of the role are not there");
  }
  json::Writer said;
  said.object().key("agent").string(wanted.agent).key("attenuation");
  jose::write(sub.credential.attenuation, said);
  said.key("audience").string(door);
  if (!by.empty()) said.key("by").string(escape_untrusted(by));
  said.key("parent_run").string(sub.parent()).key("run").string(sub.id()).end();
  if (Status added = sub_runs->add(sub); !added) {
    return no(429, Code::ceiling, added.error().message);
  }
  // Its calls stand in the journal under the root; this is where they are told apart.
  if (!ports.gate.alerts.note(sub.root, "sub-run", said.text())) {
    (void)sub_runs->end(sub.id());
    return no(429, Code::ceiling, "too many sub-runs within a minute");
  }
  return OpenedSubRun{.run = sub.id(),
                      .parent = sub.parent(),
                      .sponsor = sponsor,
                      .audience = door,
                      .issued = *issued};
}

Result<OpenedSubRun> Api::open_sub_run(const std::string& parent, const NewSubRun& wanted,
                                       const std::string& by) {
  Impl& room = *room_;
  const SubRun* const sub = room.sub_runs->find(parent);
  const Run* const run = room.ports.gate.state().run(parent);
  if (sub == nullptr && run == nullptr) {
    return fail(ErrorKind::missing, "there is no run `" + escape_untrusted(parent) + "`");
  }
  Result<jose::RunCredential> above = fail(ErrorKind::internal, "no run");
  if (sub != nullptr) {
    above = sub->credential;
    above->expires = sub->expires;
  } else {
    above = room.ports.identities.credential_of(
        {.agent = run->caller.empty() ? run->agent : run->caller,
         .run = parent,
         .audience = room.audience,
         .life = identity::credential_life_max});
  }
  PAWL_TRY(above);
  auto opened = room.begin_sub_run(*above, wanted, by);
  if (!opened) return fail(ErrorKind::refused, opened.error().reason);
  return *std::move(opened);
}

void Api::Impl::open_sub_run(Visit& visit) {
  const auto wanted = read_new_sub_run(visit.body.root());
  if (!wanted) return visit.refuse(400, Code::ambiguous_request, wanted.error().message);
  const auto opened = begin_sub_run(*visit.who.credential, *wanted, {});
  if (!opened) {
    const Refusal& no = opened.error();
    return visit.refuse(no.status, no.code, no.reason);
  }
  json::Writer out;
  out.object().key("run").string(opened->run).key("phase").string("open");
  out.key("agent").string(wanted->agent).key("sponsor").string(opened->sponsor);
  out.key("parent_run").string(opened->parent);
  put_credential(out, opened->audience, opened->issued);
  visit.answer(201, out.end().take());
}

void Api::Impl::show_run(Visit& visit) {
  const Run& run = *ports.gate.state().run(visit.run);
  const SubRun* sub = sub_runs->find(visit.asked.run);
  if (sub == nullptr) return visit.answer(200, run_json(run));
  json::Writer out;
  out.object().key("run").string(sub->id()).key("phase").string(to_string(run.phase));
  out.key("agent").string(sub->credential.agent()).key("sponsor").string(run.sponsor);
  out.key("parent_run").string(sub->parent()).key("policy").string(run.policy);
  out.key("steps").natural(sub->steps).key("denials").natural(sub->denials);
  out.key("calls").natural(sub->used.calls);
  if (visit.part && visit.part->counts_records()) out.key("records").natural(sub->used.records);
  out.key("expires").string(to_string(sub->expires));
  visit.answer(200, out.end().take());
}

void Api::Impl::close_run(Visit& visit) {
  if (!visit.sub_run.empty()) {
    (void)sub_runs->end(visit.sub_run);
    json::Writer out;
    out.object().key("run").string(visit.sub_run).key("phase").string("closed").end();
    return visit.answer(200, out.take());
  }
  const std::string run = visit.run;
  if (held.contains(run)) ports.gate.runs.leave(run);
  held.erase(run);
  const Status closed = ports.gate.runs.close(run, "closed at the API by " + visit.who.agent);
  if (!closed) return visit.refuse(503, Code::audit_unavailable, closed.error().message);
  const Run* after = ports.gate.state().run(run);
  if (after == nullptr) return visit.refuse(404, Code::identity, "there is no such run here");
  visit.answer(200, run_json(*after));
}

void Api::Impl::watch(Visit& visit) {
  std::optional<std::uint64_t> after;
  if (const auto text = visit.request.headers.find("last-event-id")) {
    std::uint64_t number = 0;
    const char* const end = text->data() + text->size();
    const auto [stop, wrong] = std::from_chars(text->data(), end, number);
    if (wrong == std::errc() && stop == end) after = number;
  }
  if (!visit.sub_run.empty()) {
    return visit.refuse(403, Code::identity, "events are those of the whole run");
  }
  if (!visit.responder) return;
  if (!events.watch(visit.run, after, *visit.responder, {visit.who.until, visit.who.stands})) {
    return visit.refuse(429, Code::ceiling, "too many streams");
  }
  visit.responder.reset();
}

}  // namespace pawl::api
