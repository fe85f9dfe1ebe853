// Calls and actions: from a parsed request to the line that answers it.
#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/era.h"
#include "doors/mcp/message.h"
#include "doors/mcp/methods.h"
#include "doors/mcp/reply.h"
#include "doors/mcp/room.h"
#include "kernel/policy/policy.h"

namespace pawl::mcp {
namespace {

// How long today's clients wait for a tool, measured: with a progress token they take progress as
// a sign of life, without one a minute is the shortest of their limits.
constexpr Duration patience_with_token = Duration::seconds(290);
constexpr Duration patience_without_token = Duration::seconds(45);
// A modern client is told to come back before the shortest of their limits, and does.
constexpr Duration patience_of_a_leg = Duration::seconds(45);
// How often a modern server may ask for more within one call.
constexpr unsigned rounds_max = 10;
constexpr Duration pace = Duration::milliseconds(250);
// After a cancellation a server need not answer; what it does not say in this time is not known.
constexpr Duration answer_after_cancel_max = Duration::seconds(2);

class ClientWaits final : public Caller {
 public:
  ClientWaits(std::shared_ptr<Session::Room> room, PendingPtr entry)
      : room_(std::move(room)), entry_(std::move(entry)) {
    entry_->caller = this;
  }
  ~ClientWaits() override { entry_->caller = nullptr; }
  ClientWaits(const ClientWaits&) = delete;

  Duration patience(Duration within) const override {
    if (entry_->tasks || entry_->task) return {};
    if (entry_->modern) return std::min(within, patience_of_a_leg);
    return std::min(within, entry_->token.empty() ? patience_without_token : patience_with_token);
  }

  void waiting(const std::string& approval, Duration, Duration left) override {
    if (entry_->token.empty() || entry_->gone) return;
    entry_->shift += 1;
    entry_->last_progress = entry_->shift;
    std::string params = fmt::format(R"({{"progressToken":{},"progress":{:.0f},"message":)",
                                     entry_->token, entry_->shift);
    json::write_string(fmt::format("waiting for a person: approval {} ({} left)", approval,
                                   to_string(Duration::seconds(left.ns / 1'000'000'000))),
                       params);
    params += '}';
    room_->to_client(notification_line("notifications/progress", params), entry_->id);
  }

  bool gone() const override { return entry_->gone || room_->client_gone; }

 private:
  std::shared_ptr<Session::Room> room_;
  PendingPtr entry_;
};

class AtServer final : public Upstream {
 public:
  // `method` is tools/call, or the method of an action, whose params are the arguments themselves.
  AtServer(std::shared_ptr<Session::Room> room, PendingPtr entry, std::string method,
           bool without_arguments)
      : room_(std::move(room)),
        entry_(std::move(entry)),
        method_(std::move(method)),
        without_arguments_(without_arguments) {}

  void entitle(std::string_view credential) override {
    if (!room_->wires.server->carries_secrets()) return;
    pass_ = std::make_shared<Pass>();
    pass_->credential = std::string(credential);
  }

  Task<Outcome> execute(std::string_view tool, std::string_view arguments) override {
    if (pass_) pass_->tool = std::string(tool);
    std::string params = params_for(tool, arguments);
    if (room_->server_era == Era::modern && method_ == "logging/setLevel") {
      co_return keep_level(arguments);
    }
    if (room_->server_era == Era::modern && method_.starts_with("resources/") &&
        method_.ends_with("subscribe")) {
      co_return co_await subscription(arguments);
    }
    std::string more;  // members of a retry at a modern server
    const auto decided_under = room_->server_era == Era::modern
                                   ? room_->gate.policy_of(room_->spec.run)
                                   : std::shared_ptr<const Policy>();
    for (unsigned round = 1;; ++round) {
      auto ticket = more.empty() ? send(params) : send(with_members(params, more));
      Answer answer = co_await ticket.answer;
      timer_.reset();
      if (room_->server_era != Era::modern || answer.kind != Answer::Kind::result) {
        co_return outcome_of(std::move(answer));
      }
      FromModern said = from_modern(answer.text);
      if (said.kind == FromModern::Kind::complete) {
        answer.text = std::move(said.text);
        co_return outcome_of(std::move(answer));
      }
      const bool asks = said.kind == FromModern::Kind::input_required && round < rounds_max;
      if (!asks) co_return failed("the tool server did not come to a result");
      room_->in_flight.erase(entry_->server_id);
      room_->by_server_id.erase(entry_->server_id);
      entry_->server_id = 0;
      more = co_await fulfil(std::move(answer.text));
      if (cancelled_) co_return sent({Outcome::Kind::cancelled, {}, "cancelled by the client"});
      if (more.empty()) co_return failed("the tool server asked for what it is not granted");
      // The last look again: what was let run is not let run for ever.
      const Call call{room_->spec.server, tool, {}};
      if (!room_->gate.goes_on(room_->spec.run, call, decided_under.get())) {
        co_return failed("the run was stopped, or its policy changed, before it was over");
      }
    }
  }

  void cancel() override {
    if (cancelled_) return;
    cancelled_ = entry_->server_id != 0 || asking_;
    if (asking_) return room_->withdraw_questions(*entry_, "cancelled");
    if (entry_->server_id == 0) return;
    tell_server("cancelled by the client");
    timer_ = room_->loop.after(answer_after_cancel_max, [this] {
      waiting_.deliver({Answer::Kind::lost, "cancelled; the server did not say what became of it"});
    });
  }

 private:
  Requests::Ticket send(std::string_view params) {
    room_->wires.server->entitle(pass_);
    const std::string meta = room_->meta_of_call(*entry_);
    auto ticket = meta.empty() ? room_->at_server->send(method_, params)
                               : room_->at_server->send(method_, with_meta(params, meta));
    entry_->server_id = ticket.id;
    if (!entry_->token.empty()) room_->by_server_id[ticket.id] = entry_;
    if (entry_->modern) room_->in_flight[ticket.id] = entry_;
    waiting_ = ticket.answer;
    timer_ = room_->loop.after(room_->spec.call_deadline, [this] {
      const std::string why = "the tool server did not answer in time";
      tell_server(why);
      // Last: whoever waits goes on inside, and this object may be gone afterwards.
      waiting_.deliver({Answer::Kind::lost, why});
    });
    return ticket;
  }

  Outcome outcome_of(Answer answer) const { return sent(end_of(std::move(answer))); }

  Outcome end_of(Answer answer) const {
    switch (answer.kind) {
      case Answer::Kind::result: {
        std::string clean = without_reserved(answer.text);
        if (!clean.empty()) {
          (void)room_->gate.note(room_->spec.run, "reserved key stripped",
                                 "the server wrote a key of `_meta` that only pawl may write");
        }
        return {
            Outcome::Kind::result, clean.empty() ? std::move(answer.text) : std::move(clean), {}};
      }
      case Answer::Kind::error:
        return {Outcome::Kind::error, std::move(answer.text), {}};
      case Answer::Kind::lost:
        break;
    }
    return {cancelled_ ? Outcome::Kind::cancelled : Outcome::Kind::lost, {}, answer.text};
  }

  Outcome failed(std::string_view why) const {
    return sent({Outcome::Kind::error, error_object(refused_by_policy, why), {}});
  }

  // With what the wire says about the secret that the last of its requests carried.
  Outcome sent(Outcome outcome) const {
    if (pass_) outcome.sent_with = pass_->used;
    return outcome;
  }

  // A modern server has no such method: it reads the level in each request.
  Outcome keep_level(std::string_view arguments) {
    const auto document = json::parse(arguments);
    const auto level = document ? document->root().text("level") : std::nullopt;
    if (!level || gravity(*level) < 0) {
      return {Outcome::Kind::error, error_object(invalid_params, "no such level"), {}};
    }
    room_->log_level = std::string(*level);
    return {Outcome::Kind::result, "{}", {}};
  }

  // A modern server is told where it is heard.
  Task<Outcome> subscription(std::string_view arguments) {
    if (method_ == "resources/subscribe") co_return co_await room_->subscribe_at_server(arguments);
    const auto document = json::parse(arguments);
    room_->unsubscribe_at_server(
        std::string(document ? document->root().text("uri").value_or("") : ""));
    co_return Outcome{Outcome::Kind::result, "{}", {}};
  }

  // What a modern server wants to know before it goes on: each question is decided and asked by
  // itself, and the answers are the members of the next request. Empty: one of them has none.
  Task<std::string> fulfil(std::string asked) {
    json::ParseLimits limits;
    limits.twins = json::Twins::permit;
    const auto document = json::parse(asked, limits);
    if (!document) co_return std::string();
    const json::View root = document->root();
    if (root["inputRequests"].size() > questions_of_a_call_max) co_return std::string();
    asking_ = true;
    std::vector<std::pair<std::string, Completion<std::string>>> open;
    for (auto [key, request] : root["inputRequests"].members()) {
      open.emplace_back(std::string(key), Completion<std::string>());
      start(room_, respond(open.back().first, request, open.back().second));
    }
    bool all = true;
    std::string responses;
    for (auto& [key, answered] : open) {
      const std::string response = co_await answered;
      all = all && !response.empty();
      responses += responses.empty() ? "{" : ",";
      json::write_string(key, responses);
      responses += ':' + response;
    }
    asking_ = false;
    if (!all || cancelled_) co_return std::string();
    std::string members;
    if (!responses.empty()) members = R"("inputResponses":)" + responses + '}';
    if (const auto state = root.text("requestState")) {
      members += members.empty() ? R"("requestState":)" : R"(,"requestState":)";
      json::write_string(*state, members);
    }
    // Nothing but a state: the server wants to be asked again a little later.
    if (responses.empty()) co_await room_->loop.sleep(pace);
    co_return members;
  }

  Task<void> respond(std::string key, json::View request, Completion<std::string> answered) {
    const std::string method(request.text("method").value_or(""));
    const json::View params = request["params"];
    const Offers& offered = entry_->modern ? entry_->offers : room_->offers;
    const bool known = server_request(method) == ServerAsks::decide_before ||
                       server_request(method) == ServerAsks::decide_answer;
    std::string response;
    if (known && room_->may_ask(method, params, offered)) {
      const PassAnswer pass = [&response](std::string_view answer) {
        response = std::string(answer);
        return true;
      };
      const std::string text = params.exists() ? without_meta(params) : "{}";
      (void)co_await room_->decide_question(entry_, {}, method, text, pass, key);
    } else {
      (void)room_->gate.note(room_->spec.run, "server request refused",
                             "`" + visible(method.substr(0, 64)) + "` in a result");
    }
    // A form can be turned down in the protocol itself; for the others there is no such answer.
    if (response.empty() && method == "elicitation/create") response = R"({"action":"cancel"})";
    answered.deliver(std::move(response));
  }

  std::string params_for(std::string_view tool, std::string_view arguments) const {
    if (method_ != "tools/call") return std::string(arguments);
    std::string params;
    params.reserve(tool.size() + arguments.size() + 40);
    params += R"({"name":)";
    json::write_string(tool, params);
    if (!without_arguments_ || arguments != "{}") {
      params += R"(,"arguments":)";
      params += arguments;
    }
    params += '}';
    return params;
  }

  void tell_server(const std::string& reason) {
    json::Writer params;
    params.object().key("requestId").natural(entry_->server_id);
    params.key("reason").string(reason).end();
    room_->to_server(notification_line("notifications/cancelled", params.text()));
  }

  std::shared_ptr<Session::Room> room_;
  PendingPtr entry_;
  std::string method_;
  bool without_arguments_;
  bool cancelled_ = false, asking_ = false;
  Completion<Answer> waiting_;
  net::Timer timer_;
  std::shared_ptr<Pass> pass_;
};

const json::Document& empty_object() {
  static const json::Document document = *json::parse("{}");
  return document;
}

Reply reply_to_call(Settled settled) {
  switch (settled.kind) {
    case Settled::Kind::result:
      return {Reply::Kind::result, std::move(settled.text)};
    case Settled::Kind::error:
      return {Reply::Kind::error, std::move(settled.text)};
    case Settled::Kind::refused:
    case Settled::Kind::pending:
      return {Reply::Kind::result, refused_result(settled)};
    case Settled::Kind::gone:
      break;
  }
  return {};
}

Reply reply_to_action(Settled settled) {
  if (settled.kind == Settled::Kind::refused || settled.kind == Settled::Kind::pending) {
    return {Reply::Kind::error, refused_error(settled)};
  }
  return reply_to_call(std::move(settled));
}

}  // namespace

Task<void> Session::Room::tool_call(PendingPtr entry, std::shared_ptr<json::Document> document,
                                    json::View params) {
  const auto self = shared_from_this();
  const auto name = params.text("name");
  const json::View given = params["arguments"];
  if (!name || (given.exists() && !given.is_object())) {
    const Settled settled =
        gate.refuse(spec.run, Code::ambiguous_request, "tools/call",
                    "`name` is a text and `arguments` an object, and one of them is not");
    settle(entry, {Reply::Kind::result, refused_result(settled)});
    co_return;
  }
  if (!shelf.read() || reloading) co_await shelf_ready();
  const Shelved& shelved = shelf.find(*name);
  const ToolRule* rule = spec.policy->find(spec.server, *name);
  entry->scoped = rule != nullptr && rule->scope != nullptr;
  if (!repeats_truly(entry, shelved, given)) co_return;
  Proposal proposal;
  proposal.run = spec.run;
  proposal.call = Call{spec.server, *name, given.exists() ? given : empty_object().root()};
  proposal.definition = shelved.definition;
  proposal.pin = shelved.pin;
  proposal.resolve = spec.resolve;
  proposal.read_sql = spec.read_sql;
  proposal.find_program = spec.find_program;
  proposal.resumes = entry->resumes;
  trace_call(entry, params, proposal);
  if (entry->modern) {
    proposal.note = dropped(params, {"name", "arguments", "requestState", "inputResponses"},
                            entry->trace != nullptr);
  } else if (params.size() > 2) {
    proposal.note = dropped(params, {"name", "arguments"}, entry->trace != nullptr);
  }

  AtServer upstream(self, entry, "tools/call", !given.exists());
  ClientWaits caller(self, entry);
  Settled settled = co_await gate.handle(std::move(proposal), upstream, caller);
  if (settled.kind == Settled::Kind::pending && hold(entry, settled.approval)) co_return;
  settle(entry, reply_to_call(std::move(settled)));
  (void)document;
}

Task<void> Session::Room::action(PendingPtr entry, std::string method,
                                 std::shared_ptr<json::Document> document, json::View params) {
  const auto self = shared_from_this();
  const std::string tool = "mcp:" + method;
  const std::string arguments = params.exists() ? without_meta(params, entry->modern) : "{}";
  const auto parsed = json::parse(arguments);
  if (!parsed) {
    settle(entry, {Reply::Kind::error, error_object(invalid_params, parsed.error().message)});
    co_return;
  }
  Proposal proposal;
  proposal.run = spec.run;
  proposal.call = Call{spec.server, tool, parsed->root()};
  trace_call(entry, params, proposal);
  if (params["_meta"].size() > 0) {
    std::vector<std::string_view> kept;
    for (auto [key, value] : params.members()) kept.push_back(key);
    proposal.note = dropped(params, kept, entry->trace != nullptr);
  }
  proposal.resumes = entry->resumes;
  AtServer upstream(self, entry, method, false);
  ClientWaits caller(self, entry);
  Settled settled = co_await gate.handle(std::move(proposal), upstream, caller);
  if (settled.kind == Settled::Kind::pending && hold(entry, settled.approval)) co_return;
  settle(entry, reply_to_action(std::move(settled)));
  (void)document;
}

}  // namespace pawl::mcp
