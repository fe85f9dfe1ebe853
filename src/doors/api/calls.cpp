// A call at this door: from the request to the decision that answers it.
#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "doors/api/api_impl.h"
#include "gate/gate.h"
#include "io/http/sse.h"
#include "kernel/definition/definition.h"
#include "kernel/policy/policy.h"

namespace pawl::api {
namespace {

bool wants_events(const http::Request& request) {
  const auto accept = request.headers.find("accept");
  return accept && accept->contains("text/event-stream");
}

// How the one who asked is answered: with one JSON text at the end, or with events on the way.
class ApiAnswer : public std::enable_shared_from_this<ApiAnswer> {
 public:
  explicit ApiAnswer(VisitPtr visit) : visit_(std::move(visit)) {}

  void waiting(const std::string& approval, Duration left) {
    if (!wants_events(visit_->request)) return;
    if (!stream_ && visit_->responder) {
      stream_.emplace(std::move(*visit_->responder).stream(http::event_stream()));
      visit_->responder.reset();
      stream_->on_gone(leaving());
    }
    json::Writer out;
    out.object().key("approval").string(approval);
    out.key("left_seconds").integer(left.ns / 1'000'000'000).end();
    write("held", out.text());
  }
  void say(int status, const std::string& text) {
    if (!stream_) return visit_->answer(status, text);
    write("decision", text);
    stream_->end();
    stream_.reset();
  }
  bool there() const {
    if (stream_) return !stream_->gone();
    return visit_->responder && !visit_->responder->gone();
  }
  void hear_leaving(std::function<void()> told) {
    left_ = std::move(told);
    if (visit_->responder) visit_->responder->on_gone(leaving());
  }
  // From here on no one is told that the caller leaves.
  void forget() { left_ = {}; }

 private:
  net::Callback leaving() {
    return [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self && self->left_) self->left_();
    };
  }
  void write(std::string_view name, std::string_view text) {
    const auto event = http::write_event({.name = name, .text = text, .id = {}, .retry = {}});
    if (event && stream_) (void)stream_->write(*event);
  }

  VisitPtr visit_;
  std::optional<http::Stream> stream_;
  std::function<void()> left_;
};

// The side that asks, and in this door the side that is answered when a call may run. It outlives
// its request: what is on the way to its end has a record to get.
class AtOrchestrator final : public Caller, public Upstream {
 public:
  AtOrchestrator(std::shared_ptr<Api::Impl> room, OpenCallPtr call, std::shared_ptr<ApiAnswer> back,
                 Duration patience)
      : room_(std::move(room)),
        call_(std::move(call)),
        back_(std::move(back)),
        patience_(patience) {
    back_->hear_leaving([this] {
      if (call_->told) return;
      call_->gone = true;
      if (on_gone) on_gone();
    });
  }
  ~AtOrchestrator() override { back_->forget(); }
  AtOrchestrator(const AtOrchestrator&) = delete;

  Duration patience(Duration within) const override { return std::min(within, patience_); }
  void waiting(const std::string& approval, Duration, Duration left) override {
    call_->approval = approval;
    back_->waiting(approval, left);
  }
  bool gone() const override { return call_->gone && !call_->told; }

  void granted(const std::string& call, const Verdict& verdict) override {
    call_->id = call;
    call_->class_text = to_string(verdict.action_class);
    call_->credential = verdict.credential == nullptr ? std::string() : *verdict.credential;
    call_->notify = verdict.notify;
    if (!verdict.runs()) call_->decided = to_string(verdict.effect);
  }

  Task<Outcome> execute(std::string_view, std::string_view arguments) override {
    if (room_->over || !back_->there()) {
      co_return Outcome{
          .kind = Outcome::Kind::error,
          .result = R"({"code":-32000,"message":"the user was not present to be told"})",
          .why = {}};
    }
    call_->told = true;
    const Duration within = room_->ports.limits.settle_within;
    call_->settle_by = room_->ports.now() + within;
    call_->decision = allowed_json(*call_, arguments);
    room_->calls[call_->id] = call_;
    call_->timer = room_->ports.executor.after(within, [call = std::weak_ptr(call_)] {
      give_up(call, "its end was not reported in time");
    });
    back_->say(200, call_->decision);
    Outcome outcome = co_await call_->outcome;
    call_->timer.reset();
    co_return outcome;
  }

  bool can_stop() const override { return false; }
  void cancel() override {
    if (std::exchange(call_->cancel, true)) return;
    const Duration within = room_->ports.limits.after_cancel;
    call_->timer = room_->ports.executor.after(within, [call = std::weak_ptr(call_)] {
      if (const auto known = call.lock()) {
        known->outcome.deliver(
            {.kind = Outcome::Kind::cancelled, .result = {}, .why = "cancelled"});
      }
    });
  }

 private:
  static void give_up(const std::weak_ptr<OpenCall>& call, const std::string& why) {
    if (const auto known = call.lock()) {
      known->outcome.deliver({.kind = Outcome::Kind::lost, .result = {}, .why = why});
    }
  }

  std::shared_ptr<Api::Impl> room_;
  OpenCallPtr call_;
  std::shared_ptr<ApiAnswer> back_;
  Duration patience_;
};

struct DefinedTool {
  std::shared_ptr<const ToolDefinition> definition;
  PinState pin = PinState::none;
};

// The definition that was sent, else the one that the lock holds. A tool whose definition is pinned
// is not called without one: that would be the way around its schema.
Result<DefinedTool> defined(Gate& gate, const Lock& lock, const std::string& run,
                            const NewCall& call) {
  DefinedTool found;
  const std::string locked = lock.find(call.server, call.tool);
  std::string name(call.server);
  name.append(name.empty() ? "" : "/").append(call.tool);
  std::string text;
  if (call.definition.exists()) {
    text = json::write(call.definition);
  } else if (const auto known = lock.definitions.find(name); known != lock.definitions.end()) {
    text = known->second;
  }
  if (text.empty()) {
    const bool pinned = lock.present || gate.state().pin(call.server, call.tool) != nullptr;
    found.pin = pinned ? PinState::changed : PinState::first_use;
    return found;
  }
  const auto document = json::parse(text);
  PAWL_TRY(document);
  auto tool = parse_definition(document->root(), call.server);
  PAWL_TRY(tool);
  if (tool->name != call.tool) {
    return fail(ErrorKind::invalid, "`definition` is that of another tool");
  }
  const bool fine = refused_names({*tool}).front().empty();
  found.definition = std::make_shared<const ToolDefinition>(std::move(*tool));
  found.pin =
      fine ? gate.policies.pin(run, *found.definition, lock.present, locked) : PinState::ambiguous;
  return found;
}

int status_of(const Settled& settled) {
  if (settled.kind == Settled::Kind::pending) return 202;
  return settled.code == Code::audit_unavailable ? 503 : 200;
}

}  // namespace

std::size_t Api::Impl::open_calls(std::string_view run) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      proposed, [run](const auto& entry) { return entry.second->run == run; }));
}

void Api::Impl::refuse_proposal(Visit& visit, const Refusal& refusal, std::string_view tool) {
  (void)ports.gate.calls.refuse(visit.run, refusal.code, std::string(tool), refusal.reason,
                                visit.part.get());
  visit.refuse(refusal.status, refusal.code, refusal.reason);
}

Task<void> Api::Impl::propose(VisitPtr visit) {
  const auto self = shared_from_this();
  const auto wanted = read_new_call(visit->body.root());
  if (!wanted) {
    co_return refuse_proposal(*visit, {400, Code::ambiguous_request, wanted.error().message});
  }
  if (open_calls(visit->run) >= ports.limits.open_calls_per_run_max) {
    co_return refuse_proposal(*visit, {429, Code::rate, "too many calls of this run are open"},
                              wanted->tool);
  }
  const Held* here = join_again(visit->run, visit->who.credential
                                                ? visit->who.credential->expires
                                                : ports.now() + identity::credential_life_default);
  if (here == nullptr) {
    const Refusal gone{503, Code::audit_unavailable, "the files of the role are not there"};
    co_return refuse_proposal(*visit, gone, wanted->tool);
  }
  // Of a tool that it was not given, a sub-run has nothing recorded.
  const bool given = !visit->part || visit->part->covers(wanted->server, wanted->tool);
  const auto tool = given ? defined(ports.gate, here->lock, visit->run, *wanted)
                          : Result<DefinedTool>(DefinedTool{});
  if (!tool) {
    co_return refuse_proposal(*visit, {400, Code::schema, tool.error().message}, wanted->tool);
  }
  auto call = std::make_shared<OpenCall>();
  call->run = visit->run;
  call->server = wanted->server;
  call->tool = wanted->tool;
  if (const auto policy = ports.gate.runs.policy_of(visit->run)) {
    const ToolRule* entry = policy->find(wanted->server, wanted->tool);
    if (entry != nullptr) call->scope = entry->scope;
  }
  Proposal proposal;
  proposal.run = visit->run;
  proposal.call = {wanted->server, wanted->tool, wanted->arguments};
  proposal.keeps = visit;
  proposal.definition = tool->definition;
  proposal.pin = tool->pin;
  proposal.read_sql = ports.read_sql;
  if (ports.trace) {
    proposal.trace = ports.trace(visit->request.headers.find(traceparent_name).value_or(""));
  }
  proposal.sub_run = visit->part;
  const auto back = std::make_shared<ApiAnswer>(visit);
  AtOrchestrator both(self, call, back, wanted->wait);
  proposed[call.get()] = call;
  const Settled settled = co_await ports.gate.calls.handle(std::move(proposal), both, both);
  proposed.erase(call.get());
  if (call->told) co_return ended(call, settled);
  call->approval = settled.approval;
  call->id = settled.call;
  back->say(status_of(settled), decided_json(*call, settled));
}

void Api::Impl::show_call(Visit& visit) {
  const std::string& id = visit.asked.call;
  if (const auto open = calls.find(id); open != calls.end() && open->second->run == visit.run) {
    json::Writer out;
    out.object().key("call").string(id).key("phase").string("executing");
    if (open->second->cancel) out.key("cancel").boolean(true);
    return visit.answer(200, out.key("decision").raw(open->second->decision).end().take());
  }
  if (const auto ended = ended_calls.find(id);
      ended != ended_calls.end() && ended->second.run == visit.run) {
    return visit.answer(200, ended->second.text);
  }
  const LiveCall* live = ports.gate.state().call(id);
  if (live == nullptr || live->run != visit.run) {
    return visit.refuse(404, Code::identity, "there is no such call here");
  }
  json::Writer out;
  out.object().key("call").string(id);
  out.key("phase").string(live->phase == CallPhase::held ? "held" : "executing");
  if (!live->approval.empty()) out.key("approval").string(live->approval);
  visit.answer(200, out.end().take());
}

// How a call ended, from who executed it.

Task<void> Api::Impl::settle(VisitPtr visit) {
  const auto self = shared_from_this();
  const auto found = calls.find(visit->asked.call);
  if (found == calls.end() || found->second->run != visit->run) {
    const bool ended_before = ended_calls.contains(visit->asked.call);
    co_return visit->refuse(ended_before ? 409 : 404, Code::not_in_state,
                            ended_before ? "this call has its outcome already"
                                         : "no such call waits for its outcome here");
  }
  auto outcome = read_outcome(visit->body.root());
  if (!outcome) co_return visit->refuse(400, Code::ambiguous_request, outcome.error().message);
  const OpenCallPtr call = found->second;
  call->reported = !call->outcome.delivered();
  if (!call->reported || !call->outcome.deliver(std::move(*outcome))) {
    co_return visit->refuse(409, Code::not_in_state, "this call has its outcome already");
  }
  std::string settlement = co_await call->settlement;
  visit->answer(200, std::move(settlement));
}

void Api::Impl::ended(const OpenCallPtr& call, const Settled& settled) {
  calls.erase(call->id);
  const std::string settlement = settlement_json(call->id, settled);
  json::Writer text;
  text.object().key("call").string(call->id).key("phase");
  const auto said = json::parse(settlement);
  text.string(said ? said->root().text("outcome").value_or("indeterminate") : "indeterminate");
  if (settlement.size() <= ports.limits.ended_result_bytes_max) {
    text.key("settlement").raw(settlement);
  }
  if (ended_order.size() >= ports.limits.ended_calls_max) {
    ended_calls.erase(ended_order.front());
    ended_order.pop_front();
  }
  ended_order.push_back(call->id);
  ended_calls[call->id] = {call->run, text.end().take()};
  call->settlement.deliver(settlement);
}

}  // namespace pawl::api
