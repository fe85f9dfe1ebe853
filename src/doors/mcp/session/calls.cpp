// Calls and actions: from a parsed request to the line that answers it.
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
#include "kernel/policy/policy.h"
#include "model/access.h"

namespace pawl::mcp {
namespace {

// How long today's clients wait for a tool, measured: with a progress token they take progress as
// a sign of life, without one a minute is the shortest of their limits.
constexpr Duration patience_with_token = Duration::seconds(290);
constexpr Duration patience_without_token = Duration::seconds(45);
// A modern client is told to come back before the shortest of their limits, and does.
constexpr Duration patience_of_a_leg = Duration::seconds(45);

class ClientWaits final : public Caller {
 public:
  ClientWaits(std::shared_ptr<Session::Impl> room, PendingPtr entry)
      : room_(std::move(room)), entry_(std::move(entry)) {
    entry_->caller = this;
  }
  ~ClientWaits() override { entry_->caller = nullptr; }
  ClientWaits(const ClientWaits&) = delete;

  Duration patience(Duration within) const override {
    // A task of the older era goes on by itself.
    if (entry_->task && !entry_->modern) return within;
    if (entry_->tasks || entry_->task) return {};
    if (entry_->modern) return std::min(within, patience_of_a_leg);
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
    room_->to_client(notification_line("notifications/progress", params), entry_->id);
  }

  bool gone() const override { return entry_->gone || room_->client_gone; }

 private:
  std::shared_ptr<Session::Impl> room_;
  PendingPtr entry_;
};

const json::Document& empty_object() {
  static const json::Document document = *json::parse("{}");
  return document;
}

// A document that the gate may keep for as long as it looks at it.
Result<std::shared_ptr<const json::Document>> parsed_to_keep(std::string_view text) {
  auto document = json::parse(text);
  if (!document) return std::unexpected(std::move(document.error()));
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

// What an agent asks for: the tool, and the rest of its words in one text.
struct AskedFor {
  std::string tool, arguments;
};
AskedFor asked_in(json::View given, std::string_view server) {
  AskedFor asked;
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

}  // namespace

Task<void> Session::Impl::access_call(PendingPtr entry, std::shared_ptr<json::Document> document,
                                      json::View params, json::View given) {
  const auto self = shared_from_this();
  if (!repeats_truly(entry, CatalogEntry{}, given)) co_return;
  const AskedFor asked = asked_in(given, spec.server);
  const auto arguments = parsed_to_keep(asked.arguments);
  if (asked.tool.empty() || !arguments) {
    const Settled settled = refuse(Code::constraint, std::string(access_tool_name),
                                   "it says which `tool` it asks for, by its name");
    settle(entry, {Reply::Kind::result, refused_result(settled)});
    co_return;
  }
  const CatalogEntry& listed = catalog.find(asked.tool);
  const std::string action = access_name(asked.tool);
  Proposal proposal;
  proposal.run = spec.run;
  proposal.part = spec.part;
  proposal.call = Call{spec.server, action, (*arguments)->root()};
  proposal.keeps = *arguments;
  proposal.definition = listed.definition;
  proposal.pin = listed.pin;
  proposal.resumes = entry->resumes;
  proposal.own = true;
  trace_call(entry, params, proposal);
  proposal.note = dropped(params, {"name", "arguments", "requestState"}, entry->trace != nullptr);
  AtServer upstream(self, entry, "tools/call", false);  // the gate asks no server
  ClientWaits caller(self, entry);
  Settled settled = co_await gate.handle(std::move(proposal), upstream, caller);
  // What a reviewer asks the agent is for the agent, as with every call.
  const bool waits = settled.kind == Settled::Kind::pending && !settled.asks;
  if (waits && hold(entry, settled.approval)) co_return;
  const bool more = settled.kind == Settled::Kind::result;
  settle(entry, reply_to_call(std::move(settled)));
  // The list of tools has one more.
  if (more && !client_gone && !closing) announce("notifications/tools/list_changed");
  (void)document;
}

Task<void> Session::Impl::tool_call(PendingPtr entry, std::shared_ptr<json::Document> document,
                                    json::View params) {
  const auto self = shared_from_this();
  const auto name = params.text("name");
  const json::View given = params["arguments"];
  if (!name || (given.exists() && !given.is_object())) {
    const Settled settled =
        refuse(Code::ambiguous_request, "tools/call",
               "`name` is a text and `arguments` an object, and one of them is not");
    settle(entry, {Reply::Kind::result, refused_result(settled)});
    co_return;
  }
  if (server_gone && !co_await server_there())
    co_return refuse_absent(entry, called_tool(params), true);
  if (!catalog.read() || reloading) co_await shelf_ready();
  if (has_tools && !catalog.read()) co_return refuse_absent(entry, called_tool(params), true);
  const bool asks = *name == access_tool_name && !spec.policy->askable.empty();
  if (asks) co_return co_await access_call(entry, document, params, given);
  const CatalogEntry& listed = catalog.find(*name);
  entry->incarnation = incarnation;
  entry->definition = listed.definition;
  const ToolRule* rule = spec.policy->find(spec.server, *name);
  entry->action = std::string(*name);
  entry->scoped = rule != nullptr && rule->scope != nullptr;
  if (!repeats_truly(entry, listed, given)) co_return;
  const bool as_task = !entry->modern && params["task"].is_object();
  if (as_task && !begin_task(entry, listed)) co_return;
  Proposal proposal;
  proposal.run = spec.run;
  proposal.part = spec.part;
  proposal.call = Call{spec.server, *name, given.exists() ? given : empty_object().root()};
  proposal.keeps = document;
  proposal.definition = listed.definition;
  proposal.pin = listed.pin;
  proposal.resolve = spec.resolve;
  proposal.read_sql = spec.read_sql;
  proposal.find_program = spec.find_program;
  proposal.resumes = entry->resumes;
  trace_call(entry, params, proposal);
  if (entry->modern) {
    proposal.note = dropped(params, {"name", "arguments", "requestState"}, entry->trace != nullptr);
  } else if (params.size() > 2) {
    std::vector<std::string_view> kept = {"name", "arguments"};
    if (as_task) kept.emplace_back("task");
    proposal.note = dropped(params, kept, entry->trace != nullptr);
  }

  AtServer upstream(self, entry, "tools/call", !given.exists());
  ClientWaits caller(self, entry);
  Settled settled = co_await gate.handle(std::move(proposal), upstream, caller);
  // What a reviewer asks the agent is for the agent: its client does not wait it out.
  const bool waits = settled.kind == Settled::Kind::pending && !settled.asks;
  if (waits && hold(entry, settled.approval)) co_return;
  // A task that its client cancelled, and whose server had no end for it, has none.
  const bool nothing = entry->cancelled && settled.code == Code::cancelled;
  settle(entry, nothing ? Reply{} : reply_to_call(std::move(settled)));
  (void)document;
}

Task<void> Session::Impl::action(PendingPtr entry, std::string method,
                                 std::shared_ptr<json::Document> document, json::View params) {
  const auto self = shared_from_this();
  const std::string tool = "mcp:" + method;
  const std::string arguments = params.exists() ? without_meta(params, entry->modern) : "{}";
  const auto parsed = parsed_to_keep(arguments);
  if (!parsed) {
    settle(entry, {Reply::Kind::error, error_object(invalid_params, parsed.error().message)});
    co_return;
  }
  if (server_gone && !co_await server_there()) co_return refuse_absent(entry, method, false);
  entry->incarnation = incarnation;
  const ToolRule* rule = spec.policy->find(spec.server, tool);
  entry->action = tool;
  entry->scoped = rule != nullptr && rule->scope != nullptr;
  Proposal proposal;
  proposal.run = spec.run;
  proposal.part = spec.part;
  proposal.call = Call{spec.server, tool, (*parsed)->root()};
  proposal.keeps = *parsed;
  trace_call(entry, params, proposal);
  if (params["_meta"].size() > 0) proposal.note = dropped_meta(params, entry->trace != nullptr);
  proposal.resumes = entry->resumes;
  AtServer upstream(self, entry, method, false);
  ClientWaits caller(self, entry);
  Settled settled = co_await gate.handle(std::move(proposal), upstream, caller);
  if (settled.kind == Settled::Kind::pending && hold(entry, settled.approval)) co_return;
  settled.kind == Settled::Kind::result ? keep_for_server(method, (*parsed)->root())
                                        : forget_refused(*entry);
  settle(entry, reply_to_action(std::move(settled)));
  (void)document;
}

}  // namespace pawl::mcp
