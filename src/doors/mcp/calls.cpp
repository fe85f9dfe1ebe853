// Calls and actions: from a parsed request to the line that answers it.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "doors/mcp/message.h"
#include "doors/mcp/reply.h"
#include "doors/mcp/room.h"
#include "kernel/policy/policy.h"

namespace pawl::mcp {
namespace {

// How long today's clients wait for a tool, measured: with a progress token they take progress as
// a sign of life, without one a minute is the shortest of their limits.
constexpr Duration patience_with_token = Duration::seconds(290);
constexpr Duration patience_without_token = Duration::seconds(45);
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

  Task<Outcome> execute(std::string_view tool, std::string_view arguments) override {
    std::string params = params_for(tool, arguments);
    if (!entry_->token.empty()) params = with_token(params, room_->at_server->next_id());
    auto ticket = room_->at_server->send(method_, params);
    entry_->server_id = ticket.id;
    if (!entry_->token.empty()) room_->by_server_id[ticket.id] = entry_;
    waiting_ = ticket.answer;
    timer_ = room_->loop.after(room_->spec.call_deadline, [this] {
      const std::string why = "the tool server did not answer in time";
      tell_server(why);
      // Last: whoever waits goes on inside, and this object may be gone afterwards.
      waiting_.deliver({Answer::Kind::lost, why});
    });
    Answer answer = co_await ticket.answer;
    timer_.reset();
    switch (answer.kind) {
      case Answer::Kind::result: {
        std::string clean = without_reserved(answer.text);
        if (!clean.empty()) {
          (void)room_->gate.note(room_->spec.run, "reserved key stripped",
                                 "the server wrote a key of `_meta` that only pawl may write");
        }
        co_return Outcome{
            Outcome::Kind::result, clean.empty() ? std::move(answer.text) : std::move(clean), {}};
      }
      case Answer::Kind::error:
        co_return Outcome{Outcome::Kind::error, std::move(answer.text), {}};
      case Answer::Kind::lost:
        break;
    }
    co_return Outcome{cancelled_ ? Outcome::Kind::cancelled : Outcome::Kind::lost, {}, answer.text};
  }

  void cancel() override {
    if (cancelled_ || entry_->server_id == 0) return;
    cancelled_ = true;
    tell_server("cancelled by the client");
    timer_ = room_->loop.after(answer_after_cancel_max, [this] {
      waiting_.deliver({Answer::Kind::lost, "cancelled; the server did not say what became of it"});
    });
  }

 private:
  std::string params_for(std::string_view tool, std::string_view arguments) const {
    if (method_ != "tools/call") return std::string(arguments);
    std::string params = R"({"name":)";
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
  bool cancelled_ = false;
  Completion<Answer> waiting_;
  net::Timer timer_;
};

const json::Document& empty_object() {
  static const json::Document document = *json::parse("{}");
  return document;
}

std::string line_for_call(const std::string& id, const Settled& settled) {
  switch (settled.kind) {
    case Settled::Kind::result:
      return result_line(id, settled.text);
    case Settled::Kind::error:
      return raw_error_line(id, settled.text);
    case Settled::Kind::refused:
    case Settled::Kind::pending:
      return result_line(id, refused_result(settled));
    case Settled::Kind::gone:
      break;
  }
  return {};
}

std::string line_for_action(const std::string& id, const Settled& settled) {
  if (settled.kind == Settled::Kind::refused || settled.kind == Settled::Kind::pending) {
    return refused_line(id, settled);
  }
  return line_for_call(id, settled);
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
    settle(entry, result_line(entry->id, refused_result(settled)));
    co_return;
  }
  if (!shelf.read() || reloading) co_await shelf_ready();
  const Shelved& shelved = shelf.find(*name);
  const ToolRule* rule = spec.policy->find(spec.server, *name);
  entry->scoped = rule != nullptr && rule->scope != nullptr;

  Proposal proposal;
  proposal.run = spec.run;
  proposal.call = Call{spec.server, *name, given.exists() ? given : empty_object().root()};
  proposal.definition = shelved.definition;
  proposal.pin = shelved.pin;
  proposal.resolve = spec.resolve;
  proposal.read_sql = spec.read_sql;
  proposal.find_program = spec.find_program;
  if (params.size() > 2) proposal.note = dropped(params, {"name", "arguments"});

  AtServer upstream(self, entry, "tools/call", !given.exists());
  ClientWaits caller(self, entry);
  const Settled settled = co_await gate.handle(std::move(proposal), upstream, caller);
  settle(entry, line_for_call(entry->id, settled));
  (void)document;
}

Task<void> Session::Room::action(PendingPtr entry, std::string method,
                                 std::shared_ptr<json::Document> document, json::View params) {
  const auto self = shared_from_this();
  const std::string tool = "mcp:" + method;
  const std::string arguments = params.exists() ? without_meta(params) : "{}";
  const auto parsed = json::parse(arguments);
  if (!parsed) {
    settle(entry, error_line(entry->id, invalid_params, parsed.error().message));
    co_return;
  }
  Proposal proposal;
  proposal.run = spec.run;
  proposal.call = Call{spec.server, tool, parsed->root()};
  if (params["_meta"].size() > 0) {
    std::vector<std::string_view> kept;
    for (auto [key, value] : params.members()) kept.push_back(key);
    proposal.note = dropped(params, kept);
  }
  AtServer upstream(self, entry, method, false);
  ClientWaits caller(self, entry);
  const Settled settled = co_await gate.handle(std::move(proposal), upstream, caller);
  settle(entry, line_for_action(entry->id, settled));
  (void)document;
}

}  // namespace pawl::mcp
