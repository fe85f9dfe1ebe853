#include "doors/mcp/session/calls.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/methods.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/session/session_impl.h"
#include "doors/mcp/session/upstream_call.h"
#include "gate/gate.h"
#include "gate/state/proposal.h"
#include "kernel/policy/policy.h"
#include "model/access.h"

namespace pawl::mcp {
namespace {

// How long today's clients wait for a tool, measured: with a progress token they take progress as
// a sign of life, without one a minute is the shortest of their limits.
constexpr Duration patience_with_token = Duration::seconds(290);
constexpr Duration patience_without_token = Duration::seconds(45);
// A stateless client is told to come back before the shortest of their limits, and does.
constexpr Duration patience_of_a_continuation = Duration::seconds(45);

class ClientCaller final : public Caller {
 public:
  ClientCaller(std::shared_ptr<Session::Impl> session, PendingPtr entry)
      : session_(std::move(session)), entry_(std::move(entry)) {
    entry_->caller = this;
  }
  ~ClientCaller() override { entry_->caller = nullptr; }
  ClientCaller(const ClientCaller&) = delete;

  Duration patience(Duration within) const override {
    // A task of the stateful era goes on by itself.
    if (entry_->task && !entry_->stateless) return within;
    if (entry_->tasks || entry_->task) return {};
    if (entry_->stateless) return std::min(within, patience_of_a_continuation);
    return std::min(within, entry_->token.empty() ? patience_without_token : patience_with_token);
  }

  void waiting(const std::string& approval, Duration, Duration left) override {
    if (entry_->task) entry_->task->approval = approval;
    if (entry_->token.empty() || entry_->gone) return;
    entry_->shift += 1;
    entry_->last_progress = entry_->shift;
    std::string params = fmt::format(R"({{"progressToken":{},"progress":{:.0f},"message":)",
                                     entry_->token, entry_->shift);
    json::write_string(fmt::format("waiting for a person: approval {} ({} left)", approval,
                                   to_string(Duration::seconds(left.ns / 1'000'000'000))),
                       params);
    params += '}';
    session_->to_client(notification_line("notifications/progress", params), entry_->id);
  }

  bool gone() const override { return entry_->gone || session_->client_gone; }

 private:
  std::shared_ptr<Session::Impl> session_;
  PendingPtr entry_;
};

const json::Document& empty_object() {
  static const json::Document document = *json::parse("{}");
  return document;
}

// A document that the gate may keep for as long as it looks at it.
Result<std::shared_ptr<const json::Document>> parsed_to_keep(std::string_view text) {
  auto document = json::parse(text);
  PAWL_TRY(document);
  return std::make_shared<const json::Document>(std::move(*document));
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

// Clients write null where there are none.
json::View arguments_in(json::View params) {
  const json::View given = params["arguments"];
  return given.is_null() ? json::View{} : given;
}

// What an agent asks for: the tool, and the rest of its words in one text.
struct AccessRequest {
  std::string tool, arguments;
};
AccessRequest asked_in(json::View given, std::string_view server) {
  AccessRequest asked;
  json::Writer out;
  out.object();
  for (auto [name, value] : given.members()) {
    if (name == "tool" && value.is_string()) {
      std::string_view tool = value.string();
      // As the list of an endpoint with several servers has it.
      const bool whole = tool.size() > server.size() && tool.starts_with(server) &&
                         tool[server.size()] == '/' && !server.empty();
      if (whole) tool.remove_prefix(server.size() + 1);
      asked.tool = tool;
    } else {
      out.key(name).value(value);
    }
  }
  out.end();
  asked.arguments = out.take();
  return asked;
}

// A call that failed because its server asked what the client never said it could do ends as the
// stateless era has it; where the server could do without, its result stands.
bool failed_without(const Pending& entry, const Reply& reply) {
  if (!entry.stateless || entry.lacks.empty()) return false;
  if (reply.kind != Reply::Kind::result) return reply.kind == Reply::Kind::error;
  const auto document = json::parse(reply.text);
  if (!document || document->root()["_meta"]["pawl/decision"].exists()) return false;
  const json::View failed = document->root()["isError"];
  return failed.kind() == json::Kind::boolean && failed.boolean();
}

}  // namespace

PendingPtr Calls::add(const Message& message) {
  auto entry = std::make_shared<Pending>();
  entry->id = std::string(message.id);
  const json::View token = message.params["_meta"]["progressToken"];
  if (token.is_string() || token.is_integer()) entry->token = json::write(token);
  entry->key = key_of(message.id);
  if (pending.size() >= requests_open_max || !pending.emplace(entry->key, entry).second) {
    return nullptr;
  }
  return entry;
}

void Calls::settle(const PendingPtr& entry, Reply reply) {
  by_server_id.erase(entry->server_id);
  in_flight.erase(entry->server_id);
  if (entry->task) return session_.tasks.end(entry->task, std::move(reply));
  if (entry->parked) {
    // The client will come back for it; questions of a call that is over are not answered.
    entry->over = true;
    entry->kept = std::move(reply);
    return session_.elicitation.withdraw_all(*entry, "the call is over");
  }
  pending.erase(entry->key);
  if (!entry->questions.empty()) session_.elicitation.withdraw_all(*entry, "the call is over");
  if (!entry->gone) answer(*entry, reply);
}

void Calls::answer(const Pending& entry, const Reply& reply) {
  if (failed_without(entry, reply)) {
    const std::string needed = R"({"requiredCapabilities":)" + entry.lacks + '}';
    const std::string error =
        error_object(missing_capability, "the tool server asks what this client cannot do", needed);
    return session_.to_client(raw_error_line(entry.id, error), entry.id);
  }
  switch (reply.kind) {
    case Reply::Kind::none:
      return;
    case Reply::Kind::result:
      if (!entry.stateless) return session_.to_client(result_line(entry.id, reply.text), entry.id);
      return session_.to_client(
          result_line(entry.id, result_for_stateless(reply.text, entry.cached)), entry.id);
    case Reply::Kind::error:
      if (!entry.stateless)
        return session_.to_client(raw_error_line(entry.id, reply.text), entry.id);
      return session_.to_client(raw_error_line(entry.id, error_for_stateless(reply.text)),
                                entry.id);
  }
}

bool Calls::withholds(const Pending& entry) const {
  if (entry.scoped) return true;
  const auto now = session_.gate.runs.policy_of(session_.spec.run);
  const bool decided = now && !entry.action.empty();
  const ToolRule* rule = decided ? now->find(session_.spec.server, entry.action) : nullptr;
  return rule != nullptr && rule->scope != nullptr;
}

Task<void> Calls::access_call(PendingPtr entry, std::shared_ptr<json::Document> document,
                              json::View params, json::View given) {
  const auto self = session_.shared_from_this();
  if (!headers_agree(entry, CatalogEntry{}, given)) co_return;
  const AccessRequest asked = asked_in(given, session_.spec.server);
  const auto arguments = parsed_to_keep(asked.arguments);
  if (asked.tool.empty() || !arguments) {
    const Settled settled = session_.refuse(Code::constraint, std::string(access_tool_name),
                                            "it says which `tool` it asks for, by its name");
    settle(entry, {Reply::Kind::result, refused_result(settled)});
    co_return;
  }
  const CatalogEntry& listed = session_.lists.catalog.find(asked.tool);
  const std::string action = access_name(asked.tool);
  Proposal proposal;
  proposal.run = session_.spec.run;
  proposal.sub_run = session_.spec.part;
  proposal.call = Call{session_.spec.server, action, (*arguments)->root()};
  proposal.keeps = *arguments;
  proposal.definition = listed.definition;
  proposal.pin = listed.pin;
  proposal.resumes = entry->resumes;
  proposal.own = true;
  trace(entry, params, proposal);
  proposal.note = dropped(params, {"name", "arguments", "requestState"}, entry->trace != nullptr);
  UpstreamCall upstream(self, entry, "tools/call", false);  // the gate asks no server
  ClientCaller caller(self, entry);
  Settled settled = co_await session_.gate.calls.handle(std::move(proposal), upstream, caller);
  // What a reviewer asks the agent is for the agent, as with every call.
  const bool waits = settled.kind == Settled::Kind::pending && !settled.asks;
  if (waits && session_.continuations.hold(entry, settled.approval)) co_return;
  const bool more = settled.kind == Settled::Kind::result;
  settle(entry, reply_to_call(std::move(settled)));
  // The list of tools has one more.
  if (more && !session_.client_gone && !session_.closing)
    session_.subscriptions.announce("notifications/tools/list_changed");
  (void)document;
}

Task<void> Calls::tool_call(PendingPtr entry, std::shared_ptr<json::Document> document,
                            json::View params) {
  const auto self = session_.shared_from_this();
  const auto name = params.text("name");
  const json::View given = arguments_in(params);
  if (!name || (given.exists() && !given.is_object())) {
    const Settled settled =
        session_.refuse(Code::ambiguous_request, "tools/call",
                        "`name` is a text and `arguments` an object, and one of them is not");
    settle(entry, {Reply::Kind::result, refused_result(settled)});
    co_return;
  }
  if (session_.server_gone && !co_await session_.restart.ensure_running())
    co_return session_.restart.refuse_unavailable(entry, called_tool(params), true);
  if (!session_.lists.catalog.read() || session_.lists.reloading)
    co_await session_.lists.tools_ready();
  const bool asks = *name == access_tool_name && !session_.spec.policy->askable.empty();
  if (session_.handshake.has_tools ? !session_.lists.catalog.read() : !asks)
    co_return session_.restart.refuse_unavailable(entry, called_tool(params), true);
  if (asks) co_return co_await access_call(entry, document, params, given);
  const CatalogEntry& listed = session_.lists.catalog.find(*name);
  entry->incarnation = session_.restart.incarnation;
  entry->definition = listed.definition;
  const ToolRule* rule = session_.spec.policy->find(session_.spec.server, *name);
  entry->action = std::string(*name);
  entry->scoped = rule != nullptr && rule->scope != nullptr;
  if (!headers_agree(entry, listed, given)) co_return;
  const bool as_task = !entry->stateless && params["task"].is_object();
  if (as_task && !session_.tasks.begin(entry, listed)) co_return;
  Proposal proposal;
  proposal.run = session_.spec.run;
  proposal.sub_run = session_.spec.part;
  proposal.call = Call{session_.spec.server, *name, given.exists() ? given : empty_object().root()};
  proposal.keeps = document;
  proposal.definition = listed.definition;
  proposal.pin = listed.pin;
  proposal.resolve = session_.spec.resolve;
  proposal.read_sql = session_.spec.read_sql;
  proposal.find_program = session_.spec.find_program;
  proposal.resumes = entry->resumes;
  trace(entry, params, proposal);
  if (entry->stateless) {
    proposal.note = dropped(params, {"name", "arguments", "requestState"}, entry->trace != nullptr);
  } else if (params.size() > 2) {
    std::vector<std::string_view> kept = {"name", "arguments"};
    if (as_task) kept.emplace_back("task");
    proposal.note = dropped(params, kept, entry->trace != nullptr);
  }

  UpstreamCall upstream(self, entry, "tools/call", !given.exists());
  ClientCaller caller(self, entry);
  Settled settled = co_await session_.gate.calls.handle(std::move(proposal), upstream, caller);
  // What a reviewer asks the agent is for the agent: its client does not wait it out.
  const bool waits = settled.kind == Settled::Kind::pending && !settled.asks;
  if (waits && session_.continuations.hold(entry, settled.approval)) co_return;
  // A task that its client cancelled, and whose server had no end for it, has none.
  const bool nothing = entry->cancelled && settled.code == Code::cancelled;
  settle(entry, nothing ? Reply{} : reply_to_call(std::move(settled)));
  (void)document;
}

Task<void> Calls::action(PendingPtr entry, std::string method,
                         std::shared_ptr<json::Document> document, json::View params) {
  const auto self = session_.shared_from_this();
  const std::string tool = "mcp:" + method;
  const std::string arguments = params.exists() ? without_meta(params, entry->stateless) : "{}";
  const auto parsed = parsed_to_keep(arguments);
  if (!parsed) {
    settle(entry, {Reply::Kind::error, error_object(invalid_params, parsed.error().message)});
    co_return;
  }
  if (session_.server_gone && !co_await session_.restart.ensure_running())
    co_return session_.restart.refuse_unavailable(entry, method, false);
  entry->incarnation = session_.restart.incarnation;
  const ToolRule* rule = session_.spec.policy->find(session_.spec.server, tool);
  entry->action = tool;
  entry->scoped = rule != nullptr && rule->scope != nullptr;
  Proposal proposal;
  proposal.run = session_.spec.run;
  proposal.sub_run = session_.spec.part;
  proposal.call = Call{session_.spec.server, tool, (*parsed)->root()};
  proposal.keeps = *parsed;
  trace(entry, params, proposal);
  if (params["_meta"].size() > 0) proposal.note = dropped_meta(params, entry->trace != nullptr);
  proposal.resumes = entry->resumes;
  UpstreamCall upstream(self, entry, method, false);
  ClientCaller caller(self, entry);
  Settled settled = co_await session_.gate.calls.handle(std::move(proposal), upstream, caller);
  if (settled.kind == Settled::Kind::pending &&
      session_.continuations.hold(entry, settled.approval))
    co_return;
  settled.kind == Settled::Kind::result
      ? session_.subscriptions.remember_setting(method, (*parsed)->root())
      : session_.subscriptions.forget_refused(*entry);
  settle(entry, reply_to_action(std::move(settled)));
  (void)document;
}

bool Calls::headers_agree(const PendingPtr& entry, const CatalogEntry& listed,
                          json::View arguments) {
  if (!entry->stateless || !listed.mirrored) return true;
  const Repeated* const repeated = session_.transports.client->repeated(entry->id);
  if (repeated == nullptr) return true;
  const std::string wrong = disagreement(*repeated, *listed.mirrored, arguments);
  if (wrong.empty()) return true;
  const Settled settled = session_.refuse(Code::ambiguous_request, "tools/call", wrong);
  settle(entry, {Reply::Kind::error, error_object(header_mismatch, wrong, settled.decision)});
  return false;
}

std::string Calls::meta_for(const Pending& entry) {
  std::string meta;
  const auto add = [&meta](std::string_view members) {
    if (!meta.empty()) meta += ',';
    meta += members;
  };
  if (!entry.token.empty())
    add(fmt::format(R"("progressToken":{})", session_.server_requests->next_id()));
  if (entry.trace) {
    add(fmt::format(R"("{}":"{}")", traceparent_name, to_string(entry.trace->for_server())));
  }
  if (session_.handshake.server_era == Era::stateless) {
    add(entry.envelope ? *entry.envelope : *session_.handshake.envelope);
    if (!entry.stateless && !session_.subscriptions.log_level.empty()) {
      add(fmt::format(R"("{}":"{}")", meta_log_level, session_.subscriptions.log_level));
    }
  }
  return meta;
}

void Calls::trace(const PendingPtr& entry, json::View params, Proposal& proposal) const {
  if (!session_.spec.trace) return;
  entry->trace = session_.spec.trace(params["_meta"].text(traceparent_name).value_or(""));
  proposal.trace = entry->trace;
}

}  // namespace pawl::mcp
