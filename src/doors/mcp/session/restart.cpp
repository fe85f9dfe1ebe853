#include "doors/mcp/session/restart.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/session/session_impl.h"
#include "gate/gate.h"
#include "gate/state/proposal.h"

namespace pawl::mcp {
namespace {

constexpr unsigned waits_doubled_max = 8;

Duration wait_before_start(unsigned in_a_row) {
  if (in_a_row == 0) return {};
  if (in_a_row >= starts_in_a_row_max) return start_wait_exhausted;
  const unsigned doubled = std::min(in_a_row - 1, waits_doubled_max);
  return std::min(Duration{start_wait_first.ns << doubled}, start_wait_max);
}

}  // namespace

Restart::Restart(Session::Impl& session)
    : session_(session), life_(std::move(session.transports.life)), started_(session.loop.now()) {}

void Restart::remember_hello(const Hello& hello) {
  if (!session_.spec.start_again) return;
  json::Writer out;
  out.object().key("protocolVersion").string(hello.revision).key("capabilities");
  hello.capabilities.exists() ? out.value(hello.capabilities) : out.raw("{}");
  if (hello.client.exists()) out.key("clientInfo").value(hello.client);
  out.end();
  auto parsed = json::parse(out.text());
  if (parsed) hello_said_ = std::make_shared<const json::Document>(std::move(*parsed));
}

// All that waited for it were told.
void Restart::on_server_ended(const std::string& reason) {
  session_.transports.server->stop_hearing();
  life_.reset();
  const bool soon = session_.loop.now().ns - started_.ns < server_lives_long.ns;
  ends_in_a_row_ = soon ? ends_in_a_row_ + 1 : 0;
  not_before_ = session_.loop.now() + wait_before_start(ends_in_a_row_);
  if (ever_there) {
    (void)session_.gate.alerts.note(
        session_.spec.run, "server ended",
        fmt::format("{}: {}; it is started again for what it is asked next", session_.spec.server,
                    reason));
  } else {
    why_absent = reason;
    (void)session_.gate.alerts.note(
        session_.spec.run, "server absent",
        fmt::format("{}: {}; it is tried again", session_.spec.server, reason));
  }
  session_.lists.forget();
  session_.handshake.forget();
  session_.elicitation.on_server_ended();
  if (std::exchange(session_.server_crowded, false)) session_.transports.client->resume();
}

Task<bool> Restart::ensure_running() {
  if (!session_.server_gone) co_return true;
  if (!session_.spec.start_again || session_.closing || !hello_said_) co_return false;
  const auto said_then = hello_said_;  // another client's words may come meanwhile
  co_return co_await session_.handshake.ensure_open(session_.client.era == Era::stateless,
                                                    hello_of(said_then->root()));
}

std::string Restart::why_unavailable() const {
  const std::string name = session_.spec.server.empty()
                               ? "the tool server"
                               : "server `" + escape_untrusted(session_.spec.server) + "`";
  if (!session_.server_gone && !session_.handshake.has_tools) {
    return name + " says in its `capabilities` that it has no tools; nothing was sent";
  }
  if (!session_.server_gone) {
    const std::string why = session_.lists.why_unread();
    return fmt::format("{} did not say what it offers{}{}; nothing was sent", name,
                       why.empty() ? "" : ": ", why);
  }
  if (!ever_there && session_.spec.start_again) {
    return fmt::format("{} is not there yet: {}; nothing was sent", name,
                       why_absent.empty() ? "it did not start" : why_absent);
  }
  if (!session_.spec.start_again || why_absent.empty())
    return name + " has ended; nothing was sent";
  return fmt::format("{} has ended and is not there again: {}; nothing was sent", name, why_absent);
}

void Restart::refuse_unavailable(const PendingPtr& entry, const std::string& what, bool call) {
  const Settled settled = session_.refuse(Code::upstream_failed, what, why_unavailable());
  session_.calls.settle(entry, call ? Reply{Reply::Kind::result, refused_result(settled)}
                                    : Reply{Reply::Kind::error, refused_error(settled)});
}

// False: it cannot be started, or not yet; `why_absent` says why.
Task<bool> Restart::start_again() {
  const Duration left{not_before_.ns - session_.loop.now().ns};
  if (left > start_awaited_max) {
    why_absent =
        fmt::format("it ended right after its start, {} times in a row, and is tried again in {}",
                    ends_in_a_row_, to_string(Duration::seconds(left.ns / 1'000'000'000 + 1)));
    co_return false;
  }
  if (left.ns > 0) co_await session_.loop.sleep(left);
  if (session_.closing) co_return false;
  Result<Program> program = co_await session_.spec.start_again();
  if (session_.closing) co_return false;
  started_ = session_.loop.now();
  if (!program) {
    not_before_ = session_.loop.now() + wait_before_start(++ends_in_a_row_);
    why_absent = program.error().message;
    co_return false;
  }
  if (!ever_there) session_.lists.opened = started_;
  ++incarnation;
  session_.transports.server = std::move(program->transport);
  life_ = std::move(program->life);
  session_.server_requests->again();
  session_.server_gone = false;
  session_.handshake.server_era = Era::unknown;
  session_.handshake.server_refusal.clear();
  session_.transports.server->open(session_.server_events());
  if (session_.client_crowded) session_.transports.server->pause();
  co_return true;
}

void Restart::schedule_retry() {
  if (ever_there || session_.closing || !session_.server_gone || !session_.spec.start_again ||
      !hello_said_)
    return;
  const Duration left{std::max(not_before_.ns - session_.loop.now().ns, std::int64_t{0})};
  start_timer_ = session_.loop.after(left, [self = session_.weak_from_this()] {
    const auto session = self.lock();
    if (!session || session->closing) return;
    start(session, [](std::shared_ptr<Session::Impl> later) -> Task<void> {
      (void)co_await later->restart.ensure_running();
    }(session));
  });
}

// It is open: before anything else is said to it, what it offers is compared with what was.
Task<void> Restart::restore() {
  (void)session_.handshake.instructions_accepted();
  if (session_.handshake.server_era != Era::stateless)
    session_.to_server(notification_line("notifications/initialized", {}));
  session_.handshake.initialized = true;
  if (session_.handshake.has_tools) co_await session_.lists.tools_known();
  if (session_.server_gone) co_return;
  const std::set<std::string> uris = [&] {
    std::set<std::string> all = session_.subscriptions.kept_subscriptions;
    for (const Subscription& open : session_.subscriptions.listening)
      all.insert(open.uris.begin(), open.uris.end());
    return all;
  }();
  session_.subscriptions.resources_heard.clear();
  for (const std::string& uri : uris) {
    if (!granted(session_.shown(), "mcp:resources/subscribe")) break;
    spawn([](std::shared_ptr<Session::Impl> session, std::string name) -> Task<void> {
      json::Writer arguments;
      arguments.object().key("uri").string(name).end();
      (void)co_await session->subscriptions.subscribe(arguments.text());
    }(session_.shared_from_this(), uri));
  }
  if (session_.handshake.server_era != Era::stateless && session_.client.era != Era::stateless &&
      !session_.subscriptions.log_level.empty() &&
      granted(session_.shown(), "mcp:logging/setLevel")) {
    (void)session_.server_requests->send(
        "logging/setLevel", fmt::format(R"({{"level":"{}"}})", session_.subscriptions.log_level));
  }
}

// The client hears of lists that are not what they were.
void Restart::announce_availability(bool there) {
  const bool was_absent = std::exchange(absent_, !there);
  if (!there) {
    if (!was_absent && session_.handshake.has_tools)
      session_.subscriptions.announce("notifications/tools/list_changed");
    return;
  }
  if (session_.handshake.has_tools && (was_absent || session_.lists.catalog.differs()))
    session_.subscriptions.announce("notifications/tools/list_changed");
  // What the other lists were is not known.
  const json::View offered = session_.handshake.server_hello.root()["capabilities"];
  if (offered["prompts"].exists() && granted(session_.shown(), "mcp:prompts/get")) {
    session_.subscriptions.announce("notifications/prompts/list_changed");
  }
  if (offered["resources"].exists() && granted(session_.shown(), "mcp:resources/read")) {
    session_.subscriptions.announce("notifications/resources/list_changed");
  }
}

}  // namespace pawl::mcp
