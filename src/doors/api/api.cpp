#include "doors/api/api.h"

#include <fmt/format.h>

#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "doors/api/api_impl.h"
#include "gate/gate.h"

namespace pawl::api {
namespace {

constexpr std::size_t api_body_bytes_max = 4UL << 20;
constexpr std::size_t api_depth_max = 64;

bool is_json(const http::Request& request) {
  const auto type = request.headers.find("content-type");
  if (!type || request.headers.count("content-type") != 1) return false;
  const std::string_view name = trim(type->substr(0, type->find(';')));
  return http::same_ignoring_case(name, "application/json");
}

bool may(const Rights& rights, std::string_view right) {
  return right.empty() || (right == "propose" && rights.propose) ||
         (right == "settle" && rights.settle) || (right == "watch" && rights.watch);
}

}  // namespace

void Visit::answer(int status, std::string text) {
  if (!responder) return;
  http::Response response;
  response.status = status;
  response.headers.add("content-type", "application/json");
  response.headers.add("cache-control", "no-store");
  response.body = std::move(text);
  http::Responder once = std::move(*responder);
  responder.reset();
  std::move(once).answer(std::move(response));
}

void Visit::refuse(int status, Code code, std::string_view reason) {
  json::Writer out;
  out.object().key("code").string(to_string(code)).key("reason").string(reason).end();
  answer(status, out.take());
}

Api::Impl::Impl(ApiPorts with)
    : ports(std::move(with)),
      audience(ports.address + "/v1"),
      sub_runs(std::make_shared<SubRuns>(ports.limits.sub_runs_per_run_max, ports.now)),
      events({ports.limits.events_per_run_max, ports.limits.streams_per_run_max,
              ports.limits.streams_max, ports.limits.runs_remembered_max,
              ports.limits.events_max}) {}

// A record may end a run, and with it its sub-runs. Streams are written in a later turn.
void Api::Impl::heard(const Record& record) {
  events.note(record, ports.gate.state());
  if (const auto* closed = std::get_if<RunClosed>(&record.body)) {
    sub_runs->end_root(closed->run);
    held.erase(closed->run);
  }
  if (!events.waiting() || std::exchange(flushing, true)) return;
  ports.executor.post([room = weak_from_this()] {
    const auto self = room.lock();
    if (!self) return;
    self->flushing = false;
    self->events.flush();
  });
}

bool Api::Impl::read_body(Visit& visit) {
  if (visit.asked.operation->body == Body::none) return true;
  if (!is_json(visit.request)) {
    return refuse_attempt(visit, 415, "the body is not `application/json`");
  }
  if (visit.request.body.size() > api_body_bytes_max) {
    return refuse_attempt(visit, 413, "the body is too long");
  }
  json::ParseLimits limits;
  limits.depth_max = api_depth_max;
  auto parsed = json::parse(visit.request.body, limits);
  if (!parsed) return refuse_attempt(visit, 400, parsed.error().message);
  visit.body = std::move(*parsed);
  return true;
}

bool Api::Impl::refuse_attempt(Visit& visit, int status, const std::string& why) {
  constexpr Code code = Code::ambiguous_request;
  if (visit.asked.operation->op == Op::propose) {
    refuse_proposal(visit, {.status = status, .code = code, .reason = why});
  } else {
    visit.refuse(status, code, why);
  }
  return false;
}

bool Api::Impl::find_run(Visit& visit) {
  if (visit.asked.run.empty()) return true;
  const identity::Principal& who = visit.who;
  const SubRun* sub = sub_runs->find(visit.asked.run);
  visit.sub_run = sub == nullptr ? std::string() : sub->id();
  visit.part = sub_runs->part(visit.asked.run);
  visit.run = sub == nullptr ? visit.asked.run : sub->root;
  const Run* run = ports.gate.state().run(visit.run);
  bool fine = run != nullptr;
  if (fine && who.credential) {
    // Its own, and the sub-runs that it opened: ids are no authority.
    fine = who.credential->run == visit.asked.run ||
           (sub != nullptr && sub->parent() == who.credential->run);
  } else if (fine) {
    const bool own = identity::opened_by(*run, who.agent);
    const bool others = visit.asked.operation->right != "propose";
    fine = own || (others && run->agent == who.role);
  }
  if (!fine && run != nullptr) {
    ports.gate.alerts.note_refusal("identity refused", "`" + escape_untrusted(who.agent) + "` by " +
                                                           who.proof + ": the run `" + run->id +
                                                           "` of another");
  }
  if (!fine) visit.refuse(404, Code::identity, "there is no such run here");
  return fine;
}

Task<bool> Api::Impl::admitted(VisitPtr visit) {
  const Operation& operation = *visit->asked.operation;
  if (operation.right.empty()) co_return true;
  auto who = co_await ports.identities.authenticate(visit->request, audience);
  if (who && !may(who->rights, operation.right)) {
    identity::Denied denied = identity::lacks(*who, operation.right);
    ports.gate.alerts.note_refusal("identity refused", denied.reason);
    who = std::unexpected(std::move(denied));
  }
  if (!who) {
    if (visit->responder) {
      http::Responder once = std::move(*visit->responder);
      visit->responder.reset();
      std::move(once).answer(ports.identities.refusal(who.error(), audience, operation.right));
    }
    co_return false;
  }
  visit->who = std::move(*who);
  co_return find_run(*visit) && read_body(*visit);
}

Task<void> Api::Impl::visit(VisitPtr visit) {
  const auto self = shared_from_this();
  if (!co_await admitted(visit)) co_return;
  switch (visit->asked.operation->op) {
    case Op::open_run:
      open_run(*visit);
      break;
    case Op::show_run:
      show_run(*visit);
      break;
    case Op::close_run:
      close_run(*visit);
      break;
    case Op::run_events:
      watch(*visit);
      break;
    case Op::propose:
      co_await propose(visit);
      break;
    case Op::show_call:
      show_call(*visit);
      break;
    case Op::settle:
      co_await settle(visit);
      break;
    case Op::openapi:
      visit->answer(200, openapi(ports.address));
      break;
  }
}

// A sign of life on quiet streams, as long as the door is open.
void Api::Impl::beat() {
  if (over) return;
  life = ports.executor.after(ports.limits.sign_of_life, [room = weak_from_this()] {
    const auto self = room.lock();
    if (!self) return;
    self->events.sign_of_life(self->ports.now());
    self->beat();
  });
}

Api::Api(ApiPorts ports) : room_(std::make_shared<Impl>(std::move(ports))) {
  room_->hears = room_->ports.gate.on_record([room = std::weak_ptr(room_)](const Record& record) {
    if (const auto self = room.lock()) self->heard(record);
  });
  room_->beat();
}

Api::~Api() {
  finish();
}

void Api::serve(http::Request request, http::Responder responder) {
  auto visit = std::make_shared<Visit>();
  visit->asked = find_operation(request.method, request.target);
  visit->request = std::move(request);
  visit->responder.emplace(std::move(responder));
  const Operation* operation = visit->asked.operation;
  const bool begins =
      operation != nullptr && (operation->op == Op::open_run || operation->op == Op::propose);
  if (room_->over || (room_->closing && begins)) {
    return visit->refuse(503, Code::audit_unavailable, "the node ends");
  }
  if (visit->asked.operation == nullptr && visit->asked.allow.empty()) {
    return visit->refuse(404, Code::ambiguous_request, "there is no such path");
  }
  if (visit->asked.operation == nullptr) {
    http::Response response;
    response.status = 405;
    response.headers.add("allow", visit->asked.allow);
    http::Responder once = std::move(*visit->responder);
    visit->responder.reset();
    return std::move(once).answer(std::move(response));
  }
  spawn(room_->visit(std::move(visit)));
}

const Run* Api::run_of(std::string_view id) const {
  const State& state = room_->ports.gate.state();
  const SubRun* sub = room_->sub_runs->find(id);
  return state.run(sub == nullptr ? id : std::string_view(sub->root));
}

const std::string& Api::audience() const {
  return room_->audience;
}

std::string Api::audience_of_role(std::string_view role) const {
  return room_->ports.address + "/mcp/" + std::string(role);
}

std::shared_ptr<SubRunLimits> Api::part(std::string_view sub_run) const {
  return room_->sub_runs->part(sub_run);
}

void Api::adopt(const std::string& run, Lock lock, Instant until) {
  if (room_->held.contains(run)) room_->ports.gate.runs.leave(run);
  room_->held[run].lock = std::move(lock);
  room_->hold_open(run, until);
}

void Api::refuse_new() {
  room_->closing = true;
}

std::size_t Api::executing() const {
  return room_->calls.size();
}

void Api::finish() {
  if (!room_ || std::exchange(room_->over, true)) return;
  room_->life.reset();
  // A listener may remove others while it is told: a copy.
  const auto open = room_->proposed;
  for (const auto& [key, call] : open) {
    call->outcome.deliver({.kind = Outcome::Kind::lost, .result = {}, .why = "the node ends"});
  }
  room_->events.end();
  room_->hears.reset();
}

}  // namespace pawl::api
